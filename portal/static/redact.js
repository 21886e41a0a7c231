// The redaction page: puts plan, stage, panel and saving together, and gives the keys their meaning.
import { Plan, moved, pulled } from "./redact-plan.js";
import { Stage } from "./redact-stage.js";
import { Saving } from "./redact-saving.js";
import { Grounds, List, addInNumbers, findEverywhere } from "./redact-panel.js";

const root = document.querySelector("#redact");
const at = (id) => document.querySelector(`#${id}`);
const settings = { ...root.dataset };
const last = Number(settings.pages);
const mayChange = settings.mayChange === "yes";
const STEP = 0.005;
const FINE = 0.001;
const HELD_MS = 400;
const ZOOMS = [50, 75, 100, 125, 150, 200, 300];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const plan = new Plan(JSON.parse(settings.boxes));
const grounds = new Grounds(plan, settings.ground);
const image = at("image");
const stage = new Stage(plan, { image, svg: at("overlay"), ground: () => grounds.chosen, numberOf: (code) => grounds.number(code), mayChange });
const saving = new Saving(plan, settings, (state, words) => {
  at("saved").textContent = words;
  at("saved").className = state;
  at("save-again").hidden = state !== "failed";
});

let page = Number(settings.page);
let zoom = 100;
let previewing = false;
let pressedAt = 0;
let runs = 0;

function tell(words) { at("hint").textContent = words; }

// --- pages

function goTo(number) {
  const wanted = Math.min(last, Math.max(1, number));
  if (wanted === page) return;
  page = wanted;
  image.alt = image.alt.replace(/第 \d+ 页/, `第 ${page} 页`);
  window.history.replaceState(null, "", `?page=${page}`);
  stage.show(page, settings.imageUrl.replace("/0.jpg", `/${page}.jpg`));
  drawWhere();
  if (previewing) showPreview();
}

function drawWhere() {
  at("where").textContent = `第 ${page} / ${last} 页`;
  for (const [id, to] of [["page-back", page - 1], ["page-on", page + 1]]) at(id).hidden = to < 1 || to > last;
  for (const field of document.querySelectorAll("form input[name=page]")) field.value = page;
}

function link(id, words, before) {
  const made = at(id) || Object.assign(document.createElement("a"), { id, className: "btn btn-sm btn-outline-secondary", textContent: words });
  made.href = "?";
  at("where")[before ? "before" : "after"](made);
  made.addEventListener("click", (event) => { event.preventDefault(); goTo(page + (before ? -1 : 1)); });
}

function enlarge(by) {
  zoom = ZOOMS[Math.min(ZOOMS.length - 1, Math.max(0, ZOOMS.indexOf(zoom) + by))];
  at("sheet").style.width = `${zoom}%`;
}

// --- what the recipient sees

async function showPreview() {
  previewing = true;
  at("preview-on").setAttribute("aria-pressed", "true");
  at("preview-on").textContent = "返回遮盖";
  if (!await saving.now()) { hidePreview(); tell("遮盖还没有保存，不能显示领取人所见。"); return; }
  const shown = page;
  const picture = at("preview");
  tell("正在按已画的遮盖制作这一页。");
  picture.src = `${settings.previewUrl.replace("/0.jpg", `/${shown}.jpg`)}?${settings.mark.slice(0, 16)}`;
  try {
    await picture.decode();
  } catch {
    if (previewing && shown === page) { hidePreview(); tell("这一页暂时不能显示，请稍后重试。"); }
    return;
  }
  if (!previewing || shown !== page) return;
  picture.hidden = false;
  at("sheet").classList.add("previewing");
  tell("这是领取人将收到的这一页。按 P 键或点“返回遮盖”继续。");
}

function hidePreview() {
  previewing = false;
  at("preview").hidden = true;
  at("sheet").classList.remove("previewing");
  at("preview-on").setAttribute("aria-pressed", "false");
  at("preview-on").textContent = "看领取人所见";
  tell("");
}

function togglePreview() { if (previewing) hidePreview(); else showPreview(); }

// --- what is done to boxes

function addInTheMiddle() {
  plan.add([{ page, x0: 0.4, y0: 0.485, x1: 0.6, y1: 0.515, ground: grounds.chosen }]);
  at("stage").focus({ preventScroll: true });
  tell("已在页面中间添加遮盖框。用方向键移动，Shift 加方向键改变大小。");
}

function goBack(step) {
  const where = plan[step]();
  if (where !== null) goTo(where);
}

function arrow(event) {
  const box = plan.selected;
  if (!box || box.page !== page) return false;
  if (!event.repeat) runs += 1;
  const [x, y] = ARROWS[event.key].map((sign) => sign * (event.ctrlKey ? FINE : STEP));
  plan.change(box.id, event.shiftKey ? pulled(box, "se", x, y) : moved(box, x, y), `key${runs}`);
  stage.reveal("nearest");
  return true;
}

const CHANGES = {
  n: () => { addInTheMiddle(); return true; },
  Delete: () => { const box = plan.selected; if (box) plan.remove(box.id); return Boolean(box); },
};
const LOOKS = {
  PageUp: () => { goTo(page - 1); return true; },
  PageDown: () => { goTo(page + 1); return true; },
  "+": () => { enlarge(1); return true; },
  "=": () => { enlarge(1); return true; },
  "-": () => { enlarge(-1); return true; },
  Escape: () => { if (previewing) hidePreview(); else plan.select(null); return true; },
  p: (event) => { if (!event.repeat) { pressedAt = previewing ? 0 : event.timeStamp; togglePreview(); } return true; },
};

function key(event) {
  if (event.altKey || event.metaKey && !["z", "y", "Z"].includes(event.key)) return false;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if ((event.ctrlKey || event.metaKey) && mayChange && (name === "z" || name === "y")) {
    goBack(name === "y" || event.shiftKey ? "redo" : "undo");
    return true;
  }
  if (name in ARROWS) return mayChange && !previewing && arrow(event);
  if (event.ctrlKey || event.metaKey) return false;
  if (name in LOOKS) return LOOKS[name](event);
  if (!mayChange || previewing) return false;
  return name in CHANGES ? CHANGES[name](event) : /^[1-9]$/.test(name) && grounds.chooseByNumber(name);
}

// Single keys count only while the focus is in the page or in the list, never in a field.
root.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea, summary")) return;
  if (key(event)) event.preventDefault();
});
root.addEventListener("keyup", (event) => {
  if (event.key.toLowerCase() !== "p" || !pressedAt) return;
  if (event.timeStamp - pressedAt > HELD_MS && previewing) hidePreview();
  pressedAt = 0;
});

// --- the beginning

for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
link("page-back", "上一页", true);
link("page-on", "下一页", false);
new List(plan, grounds, at("boxes"), (to) => { goTo(to); stage.reveal("center"); });
const buttons = {
  undo: () => goBack("undo"), redo: () => goBack("redo"), larger: () => enlarge(1), smaller: () => enlarge(-1),
  "preview-on": togglePreview, "save-again": () => saving.now(), add: addInTheMiddle,
};
for (const [id, action] of Object.entries(buttons)) at(id)?.addEventListener("click", action);
function drawButtons() {
  at("undo").disabled = !plan.canUndo;
  at("redo").disabled = !plan.canRedo;
}
plan.subscribe(drawButtons);
plan.subscribe((changed) => { if (changed && previewing) hidePreview(); }); // it would show what is no longer so
if (mayChange) {
  findEverywhere(at("cover"), plan, grounds, settings, (words) => { at("found").textContent = words; });
  addInNumbers(at("numbers"), plan, grounds, goTo);
} else {
  for (const button of document.querySelectorAll("[data-change]")) button.hidden = true;
  root.classList.add("closed");
}
image.addEventListener("error", () => tell("这一页的图像暂时不能显示，请刷新页面重试。遮盖框没有丢失。"));
// A link away waits for what is still to be saved.
document.addEventListener("click", async (event) => {
  const leaving = event.target.closest("a[href]");
  if (!leaving || event.defaultPrevented || event.ctrlKey || event.metaKey || !saving.isUnsaved) return;
  event.preventDefault();
  if (await saving.now()) window.location.assign(leaving.href);
});
drawButtons();
drawWhere();
stage.show(page);
at("stage").focus({ preventScroll: true });
