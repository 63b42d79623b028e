// @ts-check
import { at } from "../page/document.js";
import { G, shown, stage } from "./gallery_trials.js";

const MOST_ZOOM = 12;
export const view = { zoom: 1, x: 0, y: 0 };

export const wipeShare = () => parseFloat(stage.style.getPropertyValue("--wipe")) || 0;

export function showView() {
  stage.style.setProperty("--zoom", view.zoom);
  stage.style.setProperty("--x", view.x * view.zoom);
  stage.style.setProperty("--y", view.y * view.zoom);
  stage.classList.toggle("zoomed", view.zoom > 1);
  const shownAt = stage.querySelector(".frame")?.clientWidth ?? 0;
  stage.classList.toggle("pixels", (view.zoom * shownAt) / Math.min(640, G.pairs[shown.pair].size[0]) > 4);
  at("gallery-zoom").textContent = `${Number(view.zoom.toFixed(1))}×`;
}

// Keeps the point (x, y) of a frame, in shares of it, where it is on the screen.
export function zoomTo(zoom, x = 0.5, y = 0.5) {
  const next = Math.min(MOST_ZOOM, Math.max(1, zoom));
  moveTo(view.x + x / view.zoom - x / next, view.y + y / view.zoom - y / next, next);
}

function moveTo(x, y, zoom = view.zoom) {
  const inside = (share) => Math.min(1 - 1 / zoom, Math.max(0, share));
  Object.assign(view, { zoom, x: inside(x), y: inside(y) });
  showView();
}

const frameAt = (event) => event.target.closest?.(".frame:not(.missing)");
function shareAt(box, { clientX, clientY }) {
  const { left, top, width, height } = box.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / height];
}

// Only over an image that was clicked, or with Ctrl as pinching on a pad gives it: else the page must scroll.
function turned(event) {
  const box = frameAt(event);
  if (!box || !(event.ctrlKey || event.metaKey || stage.contains(document.activeElement))) return;
  const lines = event.deltaMode === 1 ? 16 : 1;
  if (view.zoom === 1 && event.deltaY > 0 && !event.ctrlKey) return;
  event.preventDefault();
  zoomTo(view.zoom * Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), ...shareAt(box, event));
}

const fingers = new Map();
let dragged = null;

function pressed(event) {
  const box = frameAt(event);
  if (!box || event.button) return;
  stage.focus({ preventScroll: true });
  fingers.set(event.pointerId, event);
  box.setPointerCapture(event.pointerId);
  const divides = box.parentElement.matches(".wipe"),
    [x] = shareAt(box, event);
  const near = Math.abs(x - wipeShare() / 100) * box.clientWidth < 28;
  dragged = divides && (view.zoom === 1 || near) ? "divider" : "images";
  if (dragged === "divider") divide(box, event);
}

function divide(box, event) {
  const share = 100 * Math.min(1, Math.max(0, shareAt(box, event)[0]));
  stage.style.setProperty("--wipe", `${share}%`);
  stage.querySelector(".wipe input").value = share;
}

function moved(event) {
  const before = fingers.get(event.pointerId),
    box = frameAt(event);
  if (!before || !box) return;
  const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
  fingers.set(event.pointerId, event);
  const apart = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
  if (other) {
    const [x, y] = shareAt(box, event),
      [u, v] = shareAt(box, other);
    zoomTo((view.zoom * apart(event)) / Math.max(1, apart(before)), (x + u) / 2, (y + v) / 2);
  } else if (dragged === "divider") divide(box, event);
  else {
    const scale = view.zoom * box.clientWidth,
      rise = view.zoom * box.clientHeight;
    moveTo(view.x - (event.clientX - before.clientX) / scale, view.y - (event.clientY - before.clientY) / rise);
  }
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
function typed(event) {
  if (event.target.matches("select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = event.target === stage && view.zoom > 1 && STEPS[event.key];
  if (step) moveTo(view.x + (0.15 * step[0]) / view.zoom, view.y + (0.15 * step[1]) / view.zoom);
  else if (["+", "="].includes(event.key)) zoomTo(view.zoom * 1.25);
  else if (["-", "_"].includes(event.key)) zoomTo(view.zoom / 1.25);
  else if (event.key === "0") zoomTo(1);
  else return;
  event.preventDefault();
}
stage.addEventListener("wheel", turned, { passive: false });
stage.addEventListener("pointerdown", pressed);
stage.addEventListener("pointermove", moved);
for (const name of ["pointerup", "pointercancel"])
  stage.addEventListener(name, (event) => fingers.delete(event.pointerId));
stage.addEventListener("dblclick", (event) => frameAt(event) && zoomTo(1));
stage.addEventListener("keydown", typed);
