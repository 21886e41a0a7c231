"""What each rule finds, and what it lets pass; read by semgrep alone."""

# ruff: noqa
# ruleid: page-from-a-string
render_template_string(words)
# ok: page-from-a-string
render_template("home.html", words=words)
# ruleid: words-put-into-a-statement
session.execute(text(f"SELECT * FROM cases WHERE title = '{words}'"))
# ok: words-put-into-a-statement
session.execute(text("SELECT * FROM cases WHERE title = :title"), {"title": words})
# ruleid: words-put-into-the-log
log.warning(f"nothing was found for {words}")
# ok: words-put-into-the-log
log.warning("nothing was found", exc_info=True)
# ruleid: the-answer-for-nothing-says-more
raise NotFoundError("that case is above you")
# ok: the-answer-for-nothing-says-more
raise NotFoundError
with (
    # ruleid: a-page-that-reads-rows
    desk.database.read() as session
):
    pass
# ok: a-page-that-reads-rows
words = file.read()
# ruleid: a-secret-compared-in-uneven-time
if given_token == kept:
    pass
# ok: a-secret-compared-in-uneven-time
if compare_digest(given_token, kept):
    pass
# ruleid: a-connection-without-patience-or-check
requests.get(address)
# ruleid: a-connection-without-patience-or-check
requests.get(address, timeout=9, verify=False)
# ok: a-connection-without-patience-or-check
requests.get(address, timeout=9)
# ruleid: bytes-that-become-objects
pickle.loads(sent)
# ok: bytes-that-become-objects
json.loads(sent)
# ruleid: a-shell
subprocess.run(line, shell=True)
# ok: a-shell
subprocess.run(["qpdf", "--check", name])
# ruleid: a-file-sent-by-its-name
send_from_directory(folder, name)
# ok: a-file-sent-by-its-name
send_file(opened, mimetype="application/pdf")
# ruleid: a-way-back-that-the-browser-names
redirect(request.args.get("next"))
# ok: a-way-back-that-the-browser-names
redirect(url_for("home.page"))
