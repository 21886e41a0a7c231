// Arrow keys turn pages. The image answers no-store, so nothing is fetched ahead of being looked at.
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || event.altKey || event.ctrlKey || event.metaKey) return;
  const id = { ArrowLeft: "page-before", ArrowRight: "page-after" }[event.key];
  const link = id && document.getElementById(id);
  if (link) { event.preventDefault(); link.click(); }
});
