// The boxes of one item, the selected one, and every former state. Pure: no page, no network.
// A box is {id, page, x0, y0, x1, y1, ground}, edges as fractions of the page from its top left; boxes never change in
// place, so that a former state is a list of the same objects.
export const SMALLEST = 0.002;
const FINEST = 1e6;

const inside = (value) => Math.min(1, Math.max(0, value));
const rounded = (value) => Math.round(value * FINEST) / FINEST;

// The rectangle between two corners, within the page and never without area.
export function between(a, b) {
  let [x0, x1] = [inside(Math.min(a.x, b.x)), inside(Math.max(a.x, b.x))];
  let [y0, y1] = [inside(Math.min(a.y, b.y)), inside(Math.max(a.y, b.y))];
  if (x1 - x0 < SMALLEST) { x0 = Math.min(x0, 1 - SMALLEST); x1 = x0 + SMALLEST; }
  if (y1 - y0 < SMALLEST) { y0 = Math.min(y0, 1 - SMALLEST); y1 = y0 + SMALLEST; }
  return { x0: rounded(x0), y0: rounded(y0), x1: rounded(x1), y1: rounded(y1) };
}

// The same size elsewhere, held back at the edges of the page.
export function moved(box, dx, dy) {
  const x = Math.min(1 - box.x1, Math.max(-box.x0, dx));
  const y = Math.min(1 - box.y1, Math.max(-box.y0, dy));
  return { x0: rounded(box.x0 + x), y0: rounded(box.y0 + y), x1: rounded(box.x1 + x), y1: rounded(box.y1 + y) };
}

// `handle` names the edges that are pulled: of "n", "s", "w", "e" one or two.
export function pulled(box, handle, dx, dy) {
  const a = { x: box.x0 + (handle.includes("w") ? dx : 0), y: box.y0 + (handle.includes("n") ? dy : 0) };
  const b = { x: box.x1 + (handle.includes("e") ? dx : 0), y: box.y1 + (handle.includes("s") ? dy : 0) };
  return between(a, b);
}

export function covers(outer, inner) {
  return outer.page === inner.page && outer.x0 <= inner.x0 && outer.y0 <= inner.y0 && outer.x1 >= inner.x1 && outer.y1 >= inner.y1;
}

export class Plan {
  #boxes; #past = []; #future = []; #selected = null; #gesture = null; #next = 1; #listeners = [];

  constructor(boxes = []) {
    this.#boxes = boxes.map((box) => this.#named(box));
  }

  // In reading order: page, then from the top, then from the left.
  get boxes() { return [...this.#boxes].sort((a, b) => a.page - b.page || a.y0 - b.y0 || a.x0 - b.x0); }
  get selected() { return this.#boxes.find((box) => box.id === this.#selected) || null; }
  get canUndo() { return this.#past.length > 0; }
  get canRedo() { return this.#future.length > 0; }
  get size() { return this.#boxes.length; }
  onPage(page) { return this.boxes.filter((box) => box.page === page); }

  // `listener(changed)`: whether boxes changed, or only what is selected.
  subscribe(listener) { this.#listeners.push(listener); }

  select(id) {
    this.#selected = this.#boxes.some((box) => box.id === id) ? id : null;
    this.#gesture = null;
    this.#tell(false);
  }

  add(boxes) {
    const fresh = boxes.map((box) => this.#named(box));
    if (!fresh.length) return [];
    this.#take([...this.#boxes, ...fresh], fresh[fresh.length - 1].id);
    return fresh;
  }

  // Changes that bear the same gesture (one drag, one key held down) are one state to go back to.
  change(id, changes, gesture = null) {
    const before = this.#boxes.find((box) => box.id === id);
    if (!before || Object.keys(changes).every((name) => before[name] === changes[name])) return;
    this.#take(this.#boxes.map((box) => (box.id === id ? { ...box, ...changes } : box)), id, gesture);
  }

  remove(id) {
    if (this.#boxes.some((box) => box.id === id)) this.#take(this.#boxes.filter((box) => box.id !== id), null);
  }

  undo() { return this.#step(this.#past, this.#future); }
  redo() { return this.#step(this.#future, this.#past); }

  // As they are saved.
  plain() { return this.boxes.map(({ id, ...box }) => box); }

  #named(box) { return Object.freeze({ ...box, id: this.#next++ }); }

  #take(boxes, selected, gesture = null) {
    if (gesture === null || gesture !== this.#gesture) this.#past.push(this.#boxes);
    this.#gesture = gesture;
    this.#future = [];
    this.#boxes = boxes;
    this.#selected = selected;
    this.#tell(true);
  }

  // Gives the page on which something became different, or null where there is nothing to go to.
  #step(from, to) {
    if (!from.length) return null;
    const before = this.#boxes;
    to.push(before);
    this.#boxes = from.pop();
    const different = (list, other) => list.find((box) => !other.includes(box));
    const shown = different(this.#boxes, before);
    this.#selected = shown ? shown.id : null;
    this.#gesture = null;
    this.#tell(true);
    return (shown || different(before, this.#boxes)).page;
  }

  #tell(changed) { for (const listener of this.#listeners) listener(changed); }
}
