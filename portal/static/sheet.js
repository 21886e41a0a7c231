// The rows of a draft as a sheet: each change is saved where it stands, the checklist follows. Without this every row
// has its own button.
const sheet = document.querySelector("#sheet");
const checklist = document.querySelector("#checklist");
const queues = new WeakMap(); // a row's savings follow each other, so that the last one counts

document.querySelector("#sheet-help").hidden = false;
for (const form of sheet.querySelectorAll(".row-form")) form.querySelector("button[type=submit]").classList.add("visually-hidden-focusable");

function put(target, html) {
  target.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
}
function tell(form, text, bad) {
  const place = form.closest(".sheet-row").querySelector(".saved");
  place.textContent = text;
  place.classList.toggle("late", bad);
}
async function save(form) {
  if (!form.checkValidity()) {
    tell(form, "还没有保存：题名和日期不能空。", true);
    return;
  }
  tell(form, "正在保存…", false);
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, redirect: "error" });
    const said = await answer.json();
    if (!answer.ok) { tell(form, said.refused.join("；"), true); return; }
    put(checklist, said.checklist);
    if (said.item === form.id.replace("form-", "")) put(form.querySelector(".statements"), said.statements);
    tell(form, "已保存", false);
  } catch {
    tell(form, "没有保存：连接中断或已退出登录。内容还在本页，请稍后再改动一次。", true);
  }
}
function enqueue(form) {
  const next = (queues.get(form) ?? Promise.resolve()).then(() => save(form));
  queues.set(form, next);
}
function followType(form) {
  const chosen = form.elements.type.selectedOptions[0];
  form.elements.stage.value = chosen.dataset.stage;
  form.elements.volume.value = chosen.dataset.volume;
}
sheet.addEventListener("change", (event) => {
  const form = event.target.closest(".row-form");
  if (!form) return;
  if (event.target.name === "type") followType(form);
  enqueue(form);
});
sheet.addEventListener("submit", (event) => {
  const form = event.target.closest(".row-form");
  if (form) { event.preventDefault(); event.stopImmediatePropagation(); enqueue(form); }
}, true);
sheet.addEventListener("keydown", (event) => {
  const column = event.target.dataset?.column;
  if (event.key !== "Enter" || !column || event.isComposing || event.altKey || event.ctrlKey) return;
  event.preventDefault();
  const cells = [...sheet.querySelectorAll(`[data-column="${column}"]`)];
  const next = cells[cells.indexOf(event.target) + (event.shiftKey ? -1 : 1)];
  if (next) { next.focus(); if (next.select) next.select(); } else event.target.blur();
});
