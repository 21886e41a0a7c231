// The page with its boxes: drawn as SVG over the image, made, moved and pulled by mouse, pen or touch.
import { between, moved, pulled } from "./redact-plan.js";

const WIDTH = 1000; // units of the drawing across the page
const NAMESPACE = "http://www.w3.org/2000/svg";
const CLICK_PX = 4; // less is a click, not a drag
const HANDLE_PX = { fine: 10, coarse: 24 };
const ROOM_PX = 60; // a box smaller than this shows its corners only

function shape(name, attributes) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export class Stage {
  #plan; #image; #svg; #ground; #drag = null; #page; #mayChange; #gestures = 0; #reveal = null;

  // `ground()` gives {code} of new boxes, `numberOf(code)` what a box shows.
  constructor(plan, { image, svg, ground, numberOf, mayChange }) {
    this.#plan = plan;
    this.#image = image;
    this.#svg = svg;
    this.#ground = ground;
    this.#mayChange = mayChange;
    this.numberOf = numberOf;
    svg.removeAttribute("preserveAspectRatio");
    plan.subscribe(() => this.draw());
    image.addEventListener("load", () => { image.classList.remove("pending"); this.draw(); });
    new ResizeObserver(() => this.draw()).observe(svg);
    if (!mayChange) return;
    svg.addEventListener("pointerdown", (event) => this.#begin(event));
    svg.addEventListener("pointermove", (event) => this.#go(event));
    svg.addEventListener("pointerup", (event) => this.#end(event));
    svg.addEventListener("pointercancel", () => { this.#drag = null; this.draw(); });
  }

  // `source` is the image of the page; without one it is there already.
  show(page, source = null) {
    this.#page = page;
    this.#drag = null;
    if (source) { this.#image.classList.add("pending"); this.#image.src = source; }
    this.draw();
  }

  // Brings the chosen box into view, once it is drawn.
  reveal(block) { this.#reveal = block; this.draw(); }

  // No box is shown or drawn on a page that is not there yet.
  get #isThere() { return this.#image.complete && this.#image.naturalWidth > 0 && !this.#image.classList.contains("pending"); }

  draw() {
    this.#svg.replaceChildren();
    if (!this.#isThere) return;
    const tall = WIDTH * this.#image.naturalHeight / this.#image.naturalWidth;
    this.#svg.setAttribute("viewBox", `0 0 ${WIDTH} ${tall}`);
    const unit = WIDTH / (this.#svg.clientWidth || WIDTH);
    for (const box of this.#plan.onPage(this.#page)) this.#box(box, tall, unit);
    if (this.#drag?.fresh) this.#svg.append(shape("rect", { class: "fresh", ...place(this.#drag.fresh, tall) }));
    const chosen = this.#plan.selected;
    if (chosen?.page !== this.#page) return;
    if (this.#mayChange) this.#handles(chosen, tall, unit);
    if (this.#reveal) this.#svg.querySelector(".chosen").scrollIntoView({ block: this.#reveal, inline: "nearest" });
    this.#reveal = null;
  }

  #box(box, tall, unit) {
    const at = place(box, tall);
    const chosen = this.#plan.selected?.id === box.id;
    this.#svg.append(shape("rect", { class: chosen ? "box chosen" : "box", "data-id": box.id, ...at }));
    const size = Math.min(16 * unit, at.height * 0.8);
    if (size < 7 * unit) return;
    const text = shape("text", { x: at.x + at.width / 2, y: at.y + at.height / 2, "font-size": size, class: "number" });
    text.textContent = this.numberOf(box.ground);
    this.#svg.append(text);
  }

  #handles(box, tall, unit) {
    const side = (window.matchMedia("(pointer: coarse)").matches ? HANDLE_PX.coarse : HANDLE_PX.fine) * unit;
    const at = place(box, tall);
    const names = ["nw", "ne", "sw", "se"];
    if (at.width > ROOM_PX * unit) names.push("n", "s");
    if (at.height > ROOM_PX * unit) names.push("w", "e");
    for (const name of names) {
      // outside the box, so that a small one can still be taken hold of
      const x = name.includes("w") ? at.x - side : name.includes("e") ? at.x + at.width : at.x + (at.width - side) / 2;
      const y = name.includes("n") ? at.y - side : name.includes("s") ? at.y + at.height : at.y + (at.height - side) / 2;
      this.#svg.append(shape("rect", { class: `handle ${name}`, "data-handle": name, x, y, width: side, height: side }));
    }
  }

  #point(event) {
    const frame = this.#svg.getBoundingClientRect();
    return { x: (event.clientX - frame.left) / frame.width, y: (event.clientY - frame.top) / frame.height };
  }

  #begin(event) {
    if (event.button !== 0 || !event.isPrimary || !this.#isThere) return;
    event.preventDefault();
    this.#svg.closest("[tabindex]").focus({ preventScroll: true });
    this.#svg.setPointerCapture(event.pointerId);
    const { id, handle } = event.target.dataset;
    const chosen = this.#plan.selected;
    const box = handle || (chosen && String(chosen.id) === id) ? chosen : null; // only the chosen box is moved
    this.#drag = {
      from: this.#point(event), px: [event.clientX, event.clientY], id: Number(id) || null, box, handle,
      gesture: `drag${this.#gestures++}`, fresh: null, far: false,
    };
  }

  #go(event) {
    const drag = this.#drag;
    if (!drag || !event.isPrimary) return;
    drag.far ||= Math.hypot(event.clientX - drag.px[0], event.clientY - drag.px[1]) >= CLICK_PX;
    if (!drag.far) return;
    const to = this.#point(event);
    const [dx, dy] = [to.x - drag.from.x, to.y - drag.from.y];
    if (!drag.box) {
      drag.fresh = between(drag.from, to);
      this.draw();
    } else {
      const now = drag.handle ? pulled(drag.box, drag.handle, dx, dy) : moved(drag.box, dx, dy);
      this.#plan.change(drag.box.id, now, drag.gesture);
    }
  }

  #end(event) {
    const drag = this.#drag;
    if (!drag || !event.isPrimary) return;
    this.#go(event);
    this.#drag = null;
    if (drag.fresh) this.#plan.add([{ page: this.#page, ...drag.fresh, ground: this.#ground() }]);
    else if (!drag.far && !drag.handle) this.#plan.select(drag.id);
  }
}

function place(box, tall) {
  return { x: box.x0 * WIDTH, y: box.y0 * tall, width: (box.x1 - box.x0) * WIDTH, height: (box.y1 - box.y0) * tall };
}
