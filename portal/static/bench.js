// Follows the making of the pages; the page is loaded anew once it ends.
const PAUSE_MS = 1500;
const making = document.querySelector("#making");

async function look() {
  try {
    const answer = await fetch(making.dataset.url, { headers: { Accept: "application/json" }, redirect: "manual" });
    const { stage, done, total } = await answer.json();
    if (stage !== "under_way") { window.location.reload(); return; }
    making.querySelector("#making-words").textContent = `正在制作页面 ${done} / ${total}`;
    making.querySelector("progress").value = done;
  } catch { /* not reached just now: the next look tells */ }
  setTimeout(look, PAUSE_MS);
}
setTimeout(look, PAUSE_MS);
