// The reader works by its links alone. This makes them quick: a link to another page fetches that page and changes only
// what differs, so thumbnails and an image that stays are not sent again.
//
// Images answer no-store, so a browser keeps none. The next page's image is therefore an element of our own: it is made
// from <template id="ahead">, which the server writes only where pages may be sent before they are asked for, is held
// here, and is put into the page when it is turned to.
const reader = document.querySelector("#reader");
const said = reader.querySelector("#said");
const thumbs = () => reader.querySelector("#thumbs");
let ahead = null;
let turns = 0;

const sheet = () => reader.querySelector("#stage img.sheet");
const isDesk = () => window.matchMedia("(min-width: 1001px)").matches;

function prepareAhead() {
  const template = reader.querySelector("#ahead");
  const next = template && template.content.querySelector("img");
  if (!next) { ahead = null; return; }
  if (!ahead || ahead.dataset.key !== next.dataset.key) ahead = document.importNode(next, true);
}
function whenSeen(image, then) {
  if (image.complete) then();
  else image.addEventListener("load", then, { once: true });
}
function showHit() {
  const hit = reader.querySelector("g.hit.is-current");
  if (hit) hit.scrollIntoView({ block: "center", inline: "center" });
}

async function imageFor(wanted) {
  const shown = sheet();
  if (shown.dataset.key === wanted.dataset.key) return shown;
  const image = ahead && ahead.dataset.key === wanted.dataset.key ? ahead : document.importNode(wanted, true);
  image.alt = wanted.alt;
  try { await image.decode(); } catch { /* the browser shows the alternative text */ }
  return image;
}
function put(next, image) {
  const focused = document.activeElement && document.activeElement.id;
  next.querySelector("#stage img.sheet").remove();
  for (const part of next.querySelectorAll("[data-swap]")) reader.querySelector(`#${part.id}`).replaceWith(document.adoptNode(part));
  reader.querySelector("#sheet").prepend(image);
  const listed = next.querySelector("#thumbs");
  if (listed.dataset.block !== thumbs().dataset.block) { listed.open = thumbs().open; thumbs().replaceWith(document.adoptNode(listed)); watchThumbs(); }
  const page = reader.querySelector("#stage").dataset.page;
  const now = new Map([...listed.querySelectorAll("a")].map((link) => [link.dataset.page, link.href]));
  for (const link of thumbs().querySelectorAll("a")) {
    link.href = now.get(link.dataset.page) || link.href;
    if (link.dataset.page === page) { link.setAttribute("aria-current", "page"); if (thumbs().open && isDesk()) link.scrollIntoView({ block: "nearest" }); } else link.removeAttribute("aria-current");
  }
  const again = focused && document.getElementById(focused);
  if (again) again.focus({ preventScroll: true });
}
async function go(address, keep = true) {
  const turn = ++turns;
  const before = reader.querySelector("#stage").dataset.page;
  let next;
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error("not a page of the reader");
    next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#reader");
  } catch { next = null; }
  if (turn !== turns) return;
  if (!next) { window.location.assign(address); return; }
  const image = await imageFor(next.querySelector("#stage img.sheet"));
  if (turn !== turns) return;
  put(next, image);
  if (keep) window.history.pushState(null, "", address);
  const stage = reader.querySelector("#stage");
  const place = reader.querySelector("#hit-place");
  said.textContent = `${sheet().alt}${place ? "，" + place.textContent : ""}`;
  if (stage.querySelector("g.hit.is-current")) showHit();
  else if (stage.dataset.page !== before && reader.getBoundingClientRect().top < 0) reader.scrollIntoView({ block: "start" });
  whenSeen(image, prepareAhead);
}

function stepHit(step) {
  const hits = [...reader.querySelectorAll("g.hit")];
  const now = hits.findIndex((hit) => hit.classList.contains("is-current"));
  const then = hits[now + step];
  const place = reader.querySelector("#hit-place");
  if (now >= 0 && then) {
    hits[now].classList.remove("is-current");
    then.classList.add("is-current");
    reader.querySelector("#hit-number").textContent = String(now + step + 1);
    said.textContent = place.textContent;
    showHit();
  } else if (place) go(step > 0 ? place.dataset.after : place.dataset.before);
}

// Thumbnails: each is sent when its place comes into view, and not before.
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    seen.unobserve(entry.target);
    const image = document.createElement("img");
    image.alt = "";
    image.src = entry.target.dataset.image;
    entry.target.append(image);
  }
});
function watchThumbs() { for (const place of thumbs().querySelectorAll("[data-image]")) seen.observe(place); }
function remembered(name) { try { return window.sessionStorage.getItem(name); } catch { return null; } }
function remember(name, value) { try { window.sessionStorage.setItem(name, value); } catch { /* a comfort only */ } }

// Keys, which can be switched off for those whose aids need them.
const KEYS = { ArrowLeft: "page-before", ArrowRight: "page-after", "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", r: "turn", R: "turn" };
function onKey(event) {
  if (event.target.closest("input, textarea, select") || event.altKey || event.ctrlKey || event.metaKey) return;
  if (remembered("keys") === "off") return;
  const stage = reader.querySelector("#stage");
  const scrolls = event.target === stage && stage.scrollWidth > stage.clientWidth && event.key.startsWith("Arrow");
  if (scrolls) return;
  if (event.key.toLowerCase() === "n") { event.preventDefault(); stepHit(event.shiftKey ? -1 : 1); return; }
  if (event.key.toLowerCase() === "t") { event.preventDefault(); thumbs().open = !thumbs().open; return; }
  const link = KEYS[event.key] && document.getElementById(KEYS[event.key]);
  if (link && link.href) { event.preventDefault(); go(link.href); }
}
function offerSwitch() {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.className = "form-check-input";
  box.checked = remembered("keys") !== "off";
  box.addEventListener("change", () => remember("keys", box.checked ? "on" : "off"));
  label.append(box, " 使用快捷键");
  reader.querySelector("#keys").append(label);
}

reader.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.id === "hit-before" || link.id === "hit-after") { event.preventDefault(); stepHit(link.id === "hit-after" ? 1 : -1); }
  else if ("soft" in link.dataset) { event.preventDefault(); go(link.href); }
});
reader.addEventListener("submit", (event) => {
  if (!("soft" in event.target.dataset)) return;
  event.preventDefault();
  const finds = event.target.contains(reader.querySelector("#find-here"));
  // after finding, keys are for the page: n goes on to the next hit
  go(`${event.target.action}?${new URLSearchParams(new FormData(event.target))}`).then(() => { if (finds) reader.querySelector("#stage").focus({ preventScroll: true }); });
});
document.addEventListener("keydown", onKey);
window.addEventListener("popstate", () => go(window.location.href, false));
thumbs().addEventListener("toggle", () => remember("thumbs", thumbs().open ? "open" : "closed"));

if (isDesk() && remembered("thumbs") !== "closed" && !reader.querySelector(".thumb-list.is-bare")) thumbs().open = true;
watchThumbs();
offerSwitch();
whenSeen(sheet(), () => { showHit(); prepareAhead(); });
