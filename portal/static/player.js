// Waiting pages look again by themselves; the player gets keys for ten seconds and a full screen that keeps the name on top.
if (document.querySelector("#player-waiting")) setTimeout(() => window.location.reload(), 3000);
const box = document.querySelector("#player");
const medium = box?.querySelector("video, audio");
if (medium) {
  const keys = document.querySelector("#player-keys");
  const trouble = document.querySelector("#player-trouble");
  keys.hidden = false;
  medium.addEventListener("error", () => { trouble.hidden = false; });
  medium.addEventListener("playing", () => { trouble.hidden = true; });
  for (const button of keys.querySelectorAll("[data-by]")) {
    button.addEventListener("click", () => { medium.currentTime = Math.max(0, medium.currentTime + Number(button.dataset.by)); });
  }
  document.querySelector("#player-full")?.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen(); else box.requestFullscreen();
  });
  const begin = (second) => { medium.currentTime = Math.min(second, Number.isFinite(medium.duration) ? medium.duration : second); };
  const asked = Number(new URLSearchParams(window.location.search).get("t"));
  if (asked > 0) {
    if (medium.readyState > 0) begin(asked); else medium.addEventListener("loadedmetadata", () => begin(asked), { once: true });
  }
  const cues = [...document.querySelectorAll("#cues [data-at]")];
  for (const cue of cues) {
    cue.addEventListener("click", (event) => { event.preventDefault(); begin(Number(cue.dataset.at)); medium.play(); });
  }
  let current = null;
  medium.addEventListener("timeupdate", () => {
    const now = cues.findLast((cue) => Number(cue.dataset.at) <= medium.currentTime + 0.01)?.closest("li");
    if (now === current) return;
    current?.removeAttribute("aria-current");
    now?.setAttribute("aria-current", "true");
    current = now;
  });
  box.addEventListener("contextmenu", (event) => event.preventDefault());
}

document.querySelector("#cues .has-hit")?.scrollIntoView({ block: "nearest" });
