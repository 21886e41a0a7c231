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
  box.addEventListener("contextmenu", (event) => event.preventDefault());
}
