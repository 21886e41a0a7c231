// Saves the boxes a moment after each change, one request at a time, and tells how that went.
const PAUSE_MS = 600;
const AGAIN_MS = 5000;
const LOST = "没有保存：连接中断。改动还在本页，恢复连接后会自动重新保存。";
const LOGGED_OUT = "没有保存：登录已失效。请在另一个窗口重新登录，再回到本页点“重新保存”，改动不会丢失。";
const FAILED = "没有保存：系统暂时没有应答。改动还在本页，请稍后点“重新保存”。";

export class Saving {
  #plan; #settings; #show; #saved; #timer = 0; #running = null;

  // `show(state, words)`: "saved", "saving" or "failed".
  constructor(plan, settings, show) {
    this.#plan = plan;
    this.#settings = settings;
    this.#show = show;
    this.#saved = JSON.stringify(plan.plain());
    plan.subscribe((changed) => { if (changed) this.#later(PAUSE_MS); });
    window.addEventListener("beforeunload", (event) => { if (this.isUnsaved) event.preventDefault(); });
    window.addEventListener("online", () => { if (this.isUnsaved) this.now(); });
    document.addEventListener("visibilitychange", () => { if (document.hidden && this.isUnsaved) this.now(); });
  }

  get isUnsaved() { return JSON.stringify(this.#plan.plain()) !== this.#saved; }

  // Saves what is unsaved; gives whether everything is saved now.
  async now() {
    clearTimeout(this.#timer);
    while (this.isUnsaved) {
      this.#running ??= this.#save().finally(() => { this.#running = null; });
      if (!await this.#running) return false;
    }
    this.#show("saved", "已保存");
    return true;
  }

  #later(pause) {
    clearTimeout(this.#timer);
    this.#show("saving", "正在保存");
    this.#timer = setTimeout(() => this.now(), pause);
  }

  async #save() {
    this.#show("saving", "正在保存");
    const boxes = this.#plan.plain();
    let answer;
    try {
      answer = await this.#put(boxes);
    } catch {
      this.#later(AGAIN_MS);
      this.#show("failed", LOST);
      return false;
    }
    if (answer.ok) {
      this.#settings.mark = (await answer.json()).mark;
      this.#saved = JSON.stringify(boxes);
      return true;
    }
    this.#show("failed", await said(answer));
    return false;
  }

  async #put(boxes) {
    const body = JSON.stringify({ boxes, seen: this.#settings.mark });
    const answer = await ask("PUT", this.#settings.saveUrl, this.#settings, body);
    // a new login has a new form token: fetch it once and try again
    if (answer.status !== 400 || !await renewToken(this.#settings)) return answer;
    return ask("PUT", this.#settings.saveUrl, this.#settings, body);
  }
}

export function ask(method, url, settings, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": settings.token };
  return fetch(url, { method, headers, body, redirect: "manual" });
}

// What went wrong, in the words of the answer where it has some.
export async function said(answer) {
  if (answer.type === "opaqueredirect") return LOGGED_OUT;
  try {
    return `没有保存：${(await answer.json()).message}`;
  } catch {
    return FAILED;
  }
}

async function renewToken(settings) {
  const answer = await fetch(window.location.href, { redirect: "manual" });
  if (!answer.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("#redact")?.dataset.token;
  if (!token || token === settings.token) return false;
  settings.token = token;
  return true;
}
