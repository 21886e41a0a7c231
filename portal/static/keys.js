// Security keys (WebAuthn): a button asks the browser, the answer goes into a field of its form, and the form is sent.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

function plain(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

async function asked(form, url) {
  const headers = { "X-CSRFToken": form.querySelector("input[name=csrf_token]").value, Accept: "application/json" };
  const answer = await fetch(url, { method: "POST", headers, redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  const options = await answer.json();
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials) };
  return navigator.credentials.get({ publicKey });
}

function made(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), excludeCredentials: known(options.excludeCredentials) };
  publicKey.user = { ...options.user, id: bytes(options.user.id) };
  return navigator.credentials.create({ publicKey });
}

for (const place of document.querySelectorAll("[data-key-field]")) {
  const [button, said, form] = [place.querySelector("button"), place.querySelector("[role=status]"), place.closest("form")];
  place.hidden = false;
  if (!window.PublicKeyCredential) { button.disabled = true; said.textContent = place.dataset.none; continue; }
  button.addEventListener("click", async () => {
    const typed = form.querySelector(`[name=${place.dataset.instead || "none"}]`);
    if (typed) typed.required = false;
    if (!form.reportValidity()) return;
    button.disabled = true;
    said.textContent = place.dataset.busy;
    try {
      const { options, ask } = place.dataset;
      const credential = await (options ? made(JSON.parse(options)) : asked(form, ask));
      form.querySelector(`[name=${place.dataset.keyField}]`).value = plain(credential);
      form.requestSubmit();
    } catch {
      said.textContent = place.dataset.failed;
    } finally {
      button.disabled = false;
    }
  });
}
