// Arrow keys go from hit to hit; the hits are links, so Enter opens one and a screen reader finds them without this.
const hits = [...document.querySelectorAll("#found [data-hit]")];
const box = document.querySelector("#query");
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !hits.length || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const field = event.target.closest("input, textarea, select");
  if (field && !(step === 1 && field.matches("input[name=q]"))) return;
  const now = hits.indexOf(document.activeElement);
  if (now < 0 && step < 0) return;
  event.preventDefault();
  const then = hits[now + step];
  if (then) { then.focus(); then.scrollIntoView({ block: "nearest" }); } else if (step < 0) box.focus();
});
