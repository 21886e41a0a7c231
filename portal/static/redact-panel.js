// Beside the page: the grounds, the list of all boxes, the words that are covered everywhere, a box in numbers.
import { between, covers } from "./redact-plan.js";
import { ask, said } from "./redact-saving.js";

// The grounds as the page offers them; `chosen` is that of new boxes.
export class Grounds {
  #buttons; #chosen; #plan;

  constructor(plan, chosen) {
    this.#plan = plan;
    this.#chosen = chosen;
    this.#buttons = [...document.querySelectorAll("[data-ground][data-number]")];
    for (const button of this.#buttons) button.addEventListener("click", () => this.choose(button.dataset.ground));
    plan.subscribe(() => { if (plan.selected) this.#press(plan.selected.ground); });
  }

  get chosen() { return this.#chosen; }

  choose(code) {
    this.#press(code);
    if (this.#plan.selected) this.#plan.change(this.#plan.selected.id, { ground: code });
  }

  // Gives whether the key is the number of a ground.
  chooseByNumber(number) {
    const button = this.#buttons.find((one) => one.dataset.number === number);
    if (button) this.choose(button.dataset.ground);
    return Boolean(button);
  }

  number(code) { return this.#of(code)?.dataset.number || "?"; }
  words(code) { const found = this.#of(code); return found ? `${found.dataset.number} ${found.dataset.text}` : "理由不明"; }

  #of(code) { return this.#buttons.find((one) => one.dataset.ground === code); }

  #press(code) {
    if (!this.#of(code)) return;
    this.#chosen = code;
    for (const one of this.#buttons) one.setAttribute("aria-pressed", String(one.dataset.ground === code));
  }
}

// All boxes; each leads to its page, and can be deleted here.
export class List {
  #plan; #grounds; #root; #goTo; #rows = new Map();

  constructor(plan, grounds, root, goTo) {
    this.#plan = plan;
    this.#grounds = grounds;
    this.#root = root;
    this.#goTo = goTo;
    plan.subscribe(() => this.draw());
    this.draw();
  }

  draw() {
    const boxes = this.#plan.boxes;
    const focused = document.activeElement;
    const place = [...this.#root.children].findIndex((row) => row.contains(focused));
    const rows = boxes.map((box, index) => this.#row(box, index));
    const known = new Set(boxes.map((box) => box.id));
    for (const id of this.#rows.keys()) if (!known.has(id)) this.#rows.delete(id);
    if (rows.length !== this.#root.children.length || rows.some((row, n) => row !== this.#root.children[n])) {
      this.#root.replaceChildren(...rows);
      if (place >= 0) this.#keepFocus(focused, place);
    }
    document.querySelector("#count").textContent = boxes.length;
    document.querySelector("#no-boxes").hidden = boxes.length > 0;
  }

  // Where the focused row is gone, its neighbour takes the focus.
  #keepFocus(focused, place) {
    const row = this.#root.children[Math.min(place, this.#root.children.length - 1)];
    const next = focused.isConnected ? focused : row?.querySelector("button") || document.querySelector("#stage");
    next.focus({ preventScroll: true });
  }

  #row(box, index) {
    const row = this.#rows.get(box.id) || this.#newRow(box.id);
    const words = `${index + 1}．第 ${box.page} 页　${this.#grounds.words(box.ground)}`;
    row.firstElementChild.textContent = words;
    row.lastElementChild.setAttribute("aria-label", `删除 ${words}`);
    if (this.#plan.selected?.id === box.id) row.firstElementChild.setAttribute("aria-current", "true");
    else row.firstElementChild.removeAttribute("aria-current");
    return row;
  }

  #newRow(id) {
    const row = document.createElement("li");
    const [jump, remove] = ["jump", "btn btn-sm btn-outline-secondary"].map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = name;
      return button;
    });
    remove.textContent = "删除";
    jump.addEventListener("click", () => {
      this.#plan.select(id);
      if (this.#plan.selected) this.#goTo(this.#plan.selected.page);
    });
    remove.addEventListener("click", () => this.#plan.remove(id));
    row.append(jump, remove);
    this.#rows.set(id, row);
    return row;
  }
}

// Covers the words wherever they stand in the item, and tells how often.
export function findEverywhere(form, plan, grounds, settings, tell) {
  const button = form.querySelector("button[type=submit]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = form.elements.words.value.trim();
    tell("正在查找");
    button.disabled = true;
    try {
      const body = JSON.stringify({ words, ground: grounds.chosen });
      const answer = await ask("POST", settings.findUrl, settings, body);
      if (!answer.ok || answer.type === "opaqueredirect") tell((await said(answer)).replace("没有保存", "没有查找"));
      else tell(cover(plan, words, await answer.json()));
    } catch {
      tell("没有查找：连接中断。请稍后重试。");
    } finally {
      button.disabled = false;
    }
  });
}

function cover(plan, words, found) {
  const fresh = found.boxes.filter((box) => !plan.boxes.some((drawn) => covers(drawn, box)));
  plan.add(fresh);
  const already = found.boxes.length - fresh.length;
  const silent = found.pages_without_text;
  return [
    found.boxes.length ? `找到“${words}”${found.boxes.length} 处，新遮盖 ${fresh.length} 处` : `没有找到“${words}”`,
    already ? `，${already} 处原已遮盖` : "", "。",
    silent.length ? `第 ${silent.join("、")} 页没有文字层，请逐页核对。` : "",
    "手写、印章和图片中的文字查不到，请另行核对。",
  ].join("");
}

// A box written down in percent.
export function addInNumbers(form, plan, grounds, goTo) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [page, left, top, width, height] = ["page", "left", "top", "width", "height"].map((name) => Number(form.elements[name].value));
    const corners = [{ x: left / 100, y: top / 100 }, { x: (left + width) / 100, y: (top + height) / 100 }];
    plan.add([{ page, ...between(...corners), ground: form.elements.ground.value }]);
    goTo(page);
    setTimeout(() => { form.querySelector("button[type=submit]").disabled = false; }, 0);
  });
}
