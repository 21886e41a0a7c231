// A file may be dropped as well as chosen; one that is too large is told so before it is sent.
const form = document.querySelector("#drop");
const input = document.querySelector("#file");
const said = document.querySelector("#said");

function tooLarge() {
  const large = [...input.files].some((file) => file.size > Number(form.dataset.largest));
  said.textContent = large ? form.dataset.tooLarge : "";
  said.classList.toggle("late", large);
  return large;
}
input.addEventListener("change", tooLarge);
form.addEventListener("submit", (event) => {
  if (tooLarge()) { event.preventDefault(); input.focus(); } else said.textContent = form.dataset.busy;
});
for (const name of ["dragenter", "dragover"]) form.addEventListener(name, (event) => { event.preventDefault(); form.classList.add("over"); });
for (const name of ["dragleave", "drop"]) form.addEventListener(name, (event) => { event.preventDefault(); form.classList.remove("over"); });
form.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  form.requestSubmit();
});
window.addEventListener("pageshow", () => { said.textContent = ""; });
