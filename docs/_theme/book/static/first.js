// The first page's picture: a photograph whose cross-correlation with nine numbers shows under the reader's finger.
// Warm is plus and cool is minus, as in the book's figures; a kernel whose numbers do not cancel gives a grey picture.
"use strict";

const box = document.querySelector(".first");
const picture = box.querySelector(".first-picture");
const photo = picture.querySelector("img");
const lens = picture.querySelector(".first-lens");
const WORDS = document.documentElement.lang.startsWith("zh")
  ? { vertical: "垂直边缘", horizontal: "水平边缘", outline: "轮廓", blur: "模糊", sharpen: "锐化", pixels: "手指下的九个像素", kernel: "卷积核",
      kernels: "卷积核", field: (row, column) => `卷积核第${row}行，第${column}列`, hint: "在图上移动，或者改一个数。",
      photo: "一张照片；方向键在照片上移动卷积核。" }
  : { vertical: "Vertical edges", horizontal: "Horizontal edges", outline: "Outline", blur: "Blur", sharpen: "Sharpen",
      pixels: "The nine pixels under the finger", kernel: "The kernel", kernels: "Kernels",
      field: (row, column) => `Row ${row}, column ${column} of the kernel`, hint: "Move over the picture. Change a number.",
      photo: "A photograph; the arrow keys move the kernel over it." };
const KERNELS = {
  vertical: [1, 0, -1, 2, 0, -2, 1, 0, -1],
  horizontal: [1, 2, 1, 0, 0, 0, -1, -2, -1],
  outline: [-1, -1, -1, -1, 8, -1, -1, -1, -1],
  blur: Array(9).fill(1 / 9),
  sharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
};
const SIDE = 256;
let kernel = KERNELS.vertical;
let pixels; // the photograph, 0 to 1
let answer; // what the kernel makes of it
let spot = [150, 92]; // the pixel under the finger

const make = (name, more = {}) => Object.assign(document.createElement(name), more);
const canvas = make("canvas", { width: SIDE, height: SIDE });
const shown = (value) => value.toFixed(2).replace("-", "−");

// One of the page's colors as three numbers.
function color(name) {
  box.style.outlineColor = `var(--${name})`;
  return getComputedStyle(box).outlineColor.match(/\d+/g).slice(0, 3).map(Number);
}

async function load() {
  // A browser lets no script read a picture from a folder: there it comes as a script.
  let source = photo;
  if (location.protocol === "file:") {
    await new Promise((done) => document.head.append(make("script", { src: `${box.dataset.root}first-picture.js`, onload: done })));
    source = make("img", { src: globalThis.firstPicture });
  }
  await source.decode();
  const drawing = make("canvas", { width: SIDE, height: SIDE }).getContext("2d");
  drawing.drawImage(source, 0, 0, SIDE, SIDE);
  pixels = new Float32Array(SIDE * SIDE);
  const read = drawing.getImageData(0, 0, SIDE, SIDE).data;
  for (let i = 0; i < pixels.length; i++) pixels[i] = read[4 * i] / 255;
}

function compute() {
  answer = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < 9; i++) {
    const weight = kernel[i];
    const step = (((i / 3) | 0) - 1) * SIDE + (i % 3) - 1;
    if (weight) for (let at = SIDE; at < answer.length - SIDE; at++) answer[at] += weight * pixels[at + step];
  }
  // At the left and the right border the window would reach into the next row.
  for (let at = 0; at < answer.length; at += SIDE) answer[at] = answer[at + SIDE - 1] = 0;
}

function paint() {
  const signed = Math.abs(kernel.reduce((a, b) => a + b, 0)) < 1e-6;
  const [paper, warm, cool] = [color("paper"), color("warm"), color("cool")];
  const image = new ImageData(SIDE, SIDE);
  for (let i = 0; i < answer.length; i++) {
    const value = answer[i];
    const strength = Math.min(1, Math.abs(value));
    const ink = value > 0 ? warm : cool;
    const at = 4 * i;
    if (signed) for (let k = 0; k < 3; k++) image.data[at + k] = paper[k] + (ink[k] - paper[k]) * strength;
    else image.data.fill(255 * Math.max(0, value), at, at + 3);
    image.data[at + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// ------------------------------------------------------------------------------------------------- the nine numbers

const grid = (label) => make("div", { className: "nine", role: "group", ariaLabel: label });
const under = grid(WORDS.pixels);
under.ariaHidden = "true";
const cells = Array.from({ length: 9 }, () => under.appendChild(make("i")));
const weights = grid(WORDS.kernel);
const fields = Array.from({ length: 9 }, (_, i) => {
  const field = make("input", { type: "text", inputMode: "text", ariaLabel: WORDS.field((i / 3) | 0, i % 3) });
  field.addEventListener("input", () => {
    const value = number(field.value);
    field.ariaInvalid = String(Number.isNaN(value));
    if (!Number.isNaN(value)) use(kernel.with(i, value), false);
  });
  field.addEventListener("focus", () => field.select());
  return weights.appendChild(field);
});
const sum = make("output", { className: "sum" });

// A number as people write it: −2, 0.5, 1/9.
function number(text) {
  const [, above, below] = /^\s*([-−+]?[\d.]+)\s*(?:\/\s*([\d.]+))?\s*$/.exec(text) ?? [];
  const value = Number((above ?? "x").replace("−", "-")) / (below === undefined ? 1 : Number(below));
  return Number.isFinite(value) && Math.abs(value) <= 99 ? value : NaN;
}

function use(numbers, write = true) {
  kernel = numbers;
  if (write) fields.forEach((field, i) => { field.value = Math.abs(kernel[i] - 1 / 9) < 1e-9 ? "1/9" : String(kernel[i]).replace("-", "−"); });
  fields.forEach((field, i) => { field.dataset.sign = Math.sign(kernel[i]); });
  for (const button of choices.children) button.ariaPressed = String(KERNELS[button.dataset.kernel].every((value, i) => value === kernel[i]));
  compute();
  paint();
  look();
}

// The lens goes where the finger is, and the nine pixels below it are written out.
function look() {
  const [x, y] = spot;
  lens.style.setProperty("--x", `${(100 * (x + 0.5)) / SIDE}%`);
  lens.style.setProperty("--y", `${(100 * (y + 0.5)) / SIDE}%`);
  cells.forEach((cell, i) => {
    const value = pixels[(y + ((i / 3) | 0) - 1) * SIDE + x + (i % 3) - 1];
    cell.style.background = `rgb(${[255, 255, 255].map((full) => Math.round(full * value))})`;
  });
  const value = answer[y * SIDE + x];
  sum.textContent = shown(value);
  sum.dataset.sign = Math.sign(Math.round(value * 100));
}

function follow(event) {
  const frame = picture.getBoundingClientRect();
  const at = (place, extent) => Math.max(1, Math.min(SIDE - 2, Math.floor((place / extent) * SIDE)));
  spot = [at(event.clientX - frame.left, frame.width), at(event.clientY - frame.top, frame.height)];
  look();
}

const choices = make("div", { className: "choices", role: "group", ariaLabel: WORDS.kernels });
for (const [name, numbers] of Object.entries(KERNELS)) {
  const button = make("button", { type: "button", textContent: WORDS[name] });
  button.dataset.kernel = name;
  button.addEventListener("click", () => use(numbers));
  choices.append(button);
}

// The page comes first: what it shows before this is a picture already.
addEventListener("load", () => (globalThis.requestIdleCallback ?? setTimeout)(begin));
async function begin() {
  await load();
  lens.replaceChildren(canvas);
  const row = make("div", { className: "row" });
  row.append(under, make("b", { textContent: "×" }), weights, make("b", { textContent: "=" }), sum);
  const words = make("p", { className: "hint", textContent: WORDS.hint });
  const panel = box.querySelector(".first-panel");
  panel.replaceChildren(choices, row, words);
  panel.classList.add("ready");
  use(kernel);
  picture.addEventListener("pointermove", follow);
  picture.addEventListener("pointerdown", follow);
  picture.tabIndex = 0;
  picture.role = "group";
  picture.ariaLabel = WORDS.photo;
  picture.addEventListener("keydown", (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    if (dx === undefined) return;
    event.preventDefault();
    const step = event.shiftKey ? 1 : 8;
    spot = spot.map((place, i) => Math.max(1, Math.min(SIDE - 2, place + step * [dx, dy][i])));
    look();
  });
  new MutationObserver(paint).observe(document.body, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
}
