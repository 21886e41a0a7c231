// Offers under a search box while one types (ARIA combobox with a list): arrows choose, Enter takes, Escape closes.
const WAIT = 150;

for (const box of document.querySelectorAll("input[data-complete]")) {
  const list = document.createElement("ul");
  list.id = `${box.id}-offers`;
  list.className = "offers";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "检索提示");
  list.hidden = true;
  box.after(list);
  const said = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, autocomplete: "off" };
  for (const [name, value] of Object.entries(said)) box.setAttribute(name, value);
  let [timer, asked, at] = [0, null, -1];

  const close = () => {
    list.hidden = true;
    at = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const choose = (step) => {
    const rows = [...list.children];
    rows[at]?.setAttribute("aria-selected", "false");
    at = (at + step + rows.length + 1) % (rows.length + 1);
    if (at === rows.length) at = -1;
    if (at < 0) { box.removeAttribute("aria-activedescendant"); return; }
    rows[at].setAttribute("aria-selected", "true");
    rows[at].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", rows[at].id);
  };
  const take = (row) => {
    box.value = row.dataset.query;
    close();
    if (row.dataset.whole) box.form.requestSubmit(); else { box.focus(); ask(); }
  };
  const row = (offer, number) => {
    const made = document.createElement("li");
    made.id = `${list.id}-${number}`;
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", "false");
    made.dataset.query = offer.query;
    if (offer.kind !== "条件") made.dataset.whole = "yes";
    for (const [name, words] of [["offer-query", offer.query], ["offer-note", offer.note], ["offer-kind quiet", offer.kind]]) {
      if (!words) continue;
      const part = document.createElement("span");
      part.className = name;
      part.textContent = words;
      made.append(part);
    }
    made.addEventListener("mousedown", (event) => { event.preventDefault(); take(made); });
    return made;
  };
  const ask = async () => {
    asked?.abort();
    const typed = box.value;
    if (!typed.trim()) { close(); return; }
    asked = new AbortController();
    try {
      const address = `${box.dataset.complete}?${new URLSearchParams({ q: typed })}`;
      const answer = await fetch(address, { signal: asked.signal, redirect: "error", headers: { Accept: "application/json" } });
      const offers = answer.ok ? (await answer.json()).offers : [];
      if (box.value !== typed || document.activeElement !== box) return;
      list.replaceChildren(...offers.map(row));
      at = -1;
      list.hidden = !offers.length;
      box.setAttribute("aria-expanded", String(!list.hidden));
    } catch { close(); }  // the box works without offers
  };
  box.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing) timer = setTimeout(ask, WAIT);
  });
  box.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); });
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      event.stopPropagation();
      choose(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      take(list.children[at]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  });
}
