// Small comforts; every page works without them.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing) {
    const box = document.querySelector("#find");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  }
});
for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => { if (!window.confirm(form.dataset.confirm)) event.preventDefault(); });
}
for (const form of document.querySelectorAll("form:not([data-again])")) {
  form.addEventListener("submit", (event) => setTimeout(() => { if (!event.defaultPrevented) form.querySelectorAll("button[type=submit]").forEach((b) => { b.disabled = true; }); }, 0));
}
window.addEventListener("pageshow", () => document.querySelectorAll("button[type=submit]:disabled").forEach((b) => { b.disabled = false; }));
