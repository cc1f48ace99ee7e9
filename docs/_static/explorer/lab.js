// <conv-image-lab>: any kernel of up to 15×15 on the photograph or on a picture of the reader's, which never leaves the page.
//
// The picture is filtered on the graphics processor, a loop over the taps for each pixel.  Where there is none (or one that
// software imitates, which is slower than plain code) it is filtered in blocks of rows, as few rows and columns as the kernel
// is a sum of, and what a frame leaves undone the next one does.  Borders repeat the edge pixels.  The scale is the kernel's own: the largest answer that any picture between
// 0 and 1 can give, so that two kernels can be compared and a weak answer looks weak.

const SIDE = 512;
const LARGEST = 15;
const MARGIN = (LARGEST - 1) / 2;
const WIDE = SIDE + 2 * MARGIN;
const BLOCK = 64; // rows
const BUDGET = 12; // milliseconds of a frame
const base = document.currentScript?.src ?? "";

const SHADER = `#version 300 es
precision highp float;
uniform sampler2D image;
uniform float taps[${LARGEST * LARGEST}];
uniform ivec2 size;
uniform float scale;
uniform bool absolute;
out vec4 colour;
void main() {
  ivec2 last = textureSize(image, 0) - 1;
  ivec2 here = ivec2(gl_FragCoord.x, float(last.y + 1) - gl_FragCoord.y) - (size - 1) / 2;
  float sum = 0.0;
  for (int a = 0; a < size.y; a++)
    for (int b = 0; b < size.x; b++)
      sum += taps[a * size.x + b] * texelFetch(image, clamp(here + ivec2(b, a), ivec2(0), last), 0).r;
  float shade = absolute ? abs(sum) / scale : 0.5 + 0.5 * sum / scale;
  colour = vec4(vec3(shade), 1.0);
}`;

/** The largest answer, in size, that a picture with numbers from 0 to 1 can give. */
export function largestAnswer(kernel) {
  const taps = kernel.flat();
  const sum = (sign) => taps.reduce((total, tap) => total + Math.max(0, sign * tap), 0);
  return Math.max(sum(1), sum(-1)) || 1;
}

/** A kernel that a slider can turn: a Gaussian, its derivative in direction `angle` (degrees, from right, upwards), its Laplacian. */
export function shaped(kind, sigma, angle) {
  const radius = Math.min((LARGEST - 1) / 2, Math.ceil(2.5 * sigma));
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const size = 2 * radius + 1;
  const rows = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => {
    const [y, x] = [i - radius, j - radius];
    const bell = Math.exp(-(x * x + y * y) / (2 * sigma * sigma));
    if (kind === "gaussian") return bell;
    if (kind === "derivative") return bell * (x * cos - y * sin);
    return bell * ((x * x + y * y) / (2 * sigma * sigma) - 1);
  }));
  const total = rows.flat().reduce((a, b) => a + b, 0);
  const positive = rows.flat().reduce((a, b) => a + Math.max(0, b), 0);
  if (kind === "gaussian") return rows.map((row) => row.map((v) => v / total));
  const mean = kind === "laplacian" ? total / (size * size) : 0; // no answer to a constant picture
  return rows.map((row) => row.map((v) => (v - mean) / positive));
}

/** The picture with its edge pixels repeated around it, as far as the largest kernel reaches. */
function framed(grey) {
  const values = new Float32Array(WIDE * WIDE);
  const inside = (i) => Math.min(SIDE - 1, Math.max(0, i - MARGIN));
  for (let y = 0; y < WIDE; y++) {
    for (let x = 0; x < WIDE; x++) values[y * WIDE + x] = grey[inside(y) * SIDE + inside(x)];
  }
  return values;
}

/** A kernel as a sum of columns times rows, each the largest part of what is left; null where that would not save work. */
export function factors(kernel) {
  const [rows, columns] = [kernel.length, kernel[0].length];
  const rest = kernel.map((row) => Float64Array.from(row));
  const largest = () => {
    let best = [0, 0, 0];
    rest.forEach((row, i) => row.forEach((value, j) => { if (Math.abs(value) > Math.abs(best[2])) best = [i, j, value]; }));
    return best;
  };
  const least = 1e-9 * Math.abs(largest()[2]);
  const found = [];
  for (let [i, j, pivot] = largest(); Math.abs(pivot) > least; [i, j, pivot] = largest()) {
    const column = rest.map((row) => row[j]);
    const row = Array.from(rest[i], (value) => value / pivot);
    found.push([column, row]);
    if (found.length * (rows + columns) >= rows * columns) return null;
    rest.forEach((line, a) => line.forEach((_, b) => { line[b] -= column[a] * row[b]; }));
  }
  return found;
}

/** sums[x] += tap · source[start + x], over one row of the answer: the one loop in which the time goes. */
function add(sums, at, source, start, tap) {
  for (let x = 0; x < SIDE; x++) sums[at + x] += tap * source[start + x];
}

const corner = (size) => MARGIN - ((size - 1) >> 1);

function separably(picture, terms, from) {
  const sums = new Float32Array(BLOCK * SIDE);
  for (const [column, row] of terms) {
    const lines = BLOCK + column.length - 1;
    const across = new Float32Array(lines * SIDE);
    const [top, left] = [from + corner(column.length), corner(row.length)];
    for (let y = 0; y < lines; y++) row.forEach((tap, b) => { if (tap) add(across, y * SIDE, picture, (top + y) * WIDE + left + b, tap); });
    for (let y = 0; y < BLOCK; y++) column.forEach((tap, a) => { if (tap) add(sums, y * SIDE, across, (y + a) * SIDE, tap); });
  }
  return sums;
}

function fully(picture, kernel, from) {
  const sums = new Float32Array(BLOCK * SIDE);
  const [top, left] = [from + corner(kernel.length), corner(kernel[0].length)];
  for (let y = 0; y < BLOCK; y++) {
    kernel.forEach((row, a) => row.forEach((tap, b) => { if (tap) add(sums, y * SIDE, picture, (top + y + a) * WIDE + left + b, tap); }));
  }
  return sums;
}

export class ConvImageLab extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    const presets = document.querySelector("#cx-presets");
    this.kernels = presets ? JSON.parse(presets.textContent).kernels : {};
    this.kernel = this.kernels.sobel_vertical ?? [[1, -1]];
    this.build();
    // The photograph is fetched when the reader comes near.
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      this.start();
    }, { rootMargin: "300px" });
    seen.observe(this);
  }

  build() {
    const id = (name) => `cx-lab-${name}`;
    this.innerHTML = `
      <div class="cx-controls">
        <fieldset><legend>Picture</legend>
          <span class="cx-field"><label for="${id("file")}">Your own (it stays on this page)</label><input id="${id("file")}" type="file" accept="image/*"></span>
        </fieldset>
        <fieldset><legend>Kernel</legend>
          <span class="cx-field"><label for="${id("preset")}">Take</label><select id="${id("preset")}"><option value="">…</option></select></span>
          <span class="cx-field"><label for="${id("kind")}">or shape</label><select id="${id("kind")}"><option value="">…</option>
            <option value="gaussian">Gaussian</option><option value="derivative">Gaussian's derivative</option><option value="laplacian">Laplacian of Gaussian</option></select></span>
          <span class="cx-field"><label for="${id("sigma")}">σ</label><input id="${id("sigma")}" type="range" min="0.5" max="3" step="0.05" value="1.5"></span>
          <span class="cx-field"><label for="${id("angle")}">Direction</label><input id="${id("angle")}" type="range" min="0" max="360" step="1" value="0"></span>
          <span class="cx-field"><label for="${id("rows")}">Rows</label><input id="${id("rows")}" type="number" min="1" max="15" value="3"></span>
          <span class="cx-field"><label for="${id("columns")}">Columns</label><input id="${id("columns")}" type="number" min="1" max="15" value="3"></span>
        </fieldset>
        <fieldset><legend>Answer</legend>
          <span class="cx-field"><label for="${id("view")}">Show</label><select id="${id("view")}"><option value="signed">signed: grey is 0</option><option value="absolute">absolute: black is 0</option></select></span>
        </fieldset>
      </div>
      <p class="cx-sum" role="status"></p>
      <div class="cx-stage"><div class="cx-part cx-lab-kernel"></div><div class="cx-part">
        <canvas width="${SIDE}" height="${SIDE}" role="img" aria-label="The filtered picture"></canvas></div></div>`;
    const part = (name) => this.querySelector(`#${id(name)}`);
    this.status = this.querySelector("[role=status]");
    this.canvas = this.querySelector("canvas");
    for (const name of Object.keys(this.kernels)) part("preset").append(new Option(name, name));
    part("preset").onchange = (e) => { if (e.target.value) { part("kind").value = ""; this.setKernel(this.kernels[e.target.value]); } };
    const reshape = () => {
      if (!part("kind").value) return;
      part("preset").value = "";
      this.setKernel(shaped(part("kind").value, +part("sigma").value, +part("angle").value));
    };
    for (const name of ["kind", "sigma", "angle"]) part(name).addEventListener("input", reshape);
    for (const [name, axis] of [["rows", 0], ["columns", 1]]) {
      part(name).onchange = (e) => {
        const size = [this.kernel.length, this.kernel[0].length];
        size[axis] = Math.min(LARGEST, Math.max(1, Math.round(+e.target.value) || 1));
        this.setKernel(Array.from({ length: size[0] }, (_, i) => Array.from({ length: size[1] }, (_, j) => this.kernel[i]?.[j] ?? 0)));
      };
    }
    part("view").onchange = (e) => { this.absolute = e.target.value === "absolute"; this.request(); };
    part("file").onchange = async (e) => {
      const [file] = e.target.files;
      if (!file) return;
      try { this.setPicture(await createImageBitmap(file)); }
      catch { this.status.textContent = `“${file.name}” is not a picture that this browser can read; the old one was kept.`; }
    };
    this.control = part;
  }

  start() {
    const script = document.createElement("script");
    script.src = new URL("photograph.js", base).href;
    script.onload = () => {
      const image = new Image();
      image.onload = () => { if (!this.grey) this.setPicture(image); };
      image.src = globalThis.convbookPhotograph;
    };
    script.onerror = () => { this.status.textContent = "The photograph could not be loaded; choose a picture of your own."; };
    document.head.append(script);
    this.setKernel(this.kernel);
  }

  /** Take a picture's middle square, as grey by the weights of Rec. 601. */
  setPicture(image) {
    const square = Math.min(image.width, image.height);
    const sheet = document.createElement("canvas");
    sheet.width = sheet.height = SIDE;
    const context = sheet.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, (image.width - square) / 2, (image.height - square) / 2, square, square, 0, 0, SIDE, SIDE);
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    this.grey = new Uint8Array(SIDE * SIDE);
    for (let i = 0; i < this.grey.length; i++) this.grey[i] = Math.round(0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]);
    this.picture = null;
    this.request();
  }

  setKernel(kernel) {
    this.kernel = kernel;
    this.control("rows").value = kernel.length;
    this.control("columns").value = kernel[0].length;
    this.drawKernel();
    this.request();
  }

  drawKernel() {
    const table = document.createElement("table");
    table.className = "cx-table cx-kernel";
    table.innerHTML = "<caption>Kernel</caption>";
    const body = table.appendChild(document.createElement("tbody"));
    const [rows, columns] = [this.kernel.length, this.kernel[0].length];
    this.kernel.forEach((row, i) => {
      const line = body.insertRow();
      row.forEach((value, j) => {
        const input = document.createElement("input");
        Object.assign(input, { className: "cx-cell", value: Number(value.toPrecision(2)), inputMode: "decimal", autocomplete: "off" });
        input.setAttribute("aria-label", `kernel of ${rows} by ${columns}, row ${i}, column ${j}`);
        input.onchange = () => {
          const number = Number(input.value.trim().replace("−", "-").replace(",", "."));
          if (!input.value.trim() || !Number.isFinite(number)) { input.value = Number(value.toPrecision(2)); return; }
          const next = this.kernel.map((r) => [...r]);
          next[i][j] = number;
          this.kernel = next;
          this.request();
        };
        line.insertCell().append(input);
      });
    });
    const scroll = document.createElement("div");
    Object.assign(scroll, { className: "cx-scroll", tabIndex: 0 });
    scroll.setAttribute("role", "group");
    scroll.setAttribute("aria-label", "Kernel");
    scroll.append(table);
    this.querySelector(".cx-lab-kernel").replaceChildren(scroll);
  }

  /** Draw once before the next frame, however often the kernel changed. */
  request() {
    if (this.pending || !this.grey) return;
    this.pending = requestAnimationFrame(() => { this.pending = null; this.draw(); });
  }

  draw() {
    this.scale = largestAnswer(this.kernel);
    const text = Number(this.scale.toPrecision(3));
    this.status.textContent = this.absolute ? `Black is 0, white is ${text}, the largest answer that this kernel can give.`
      : `Black is −${text}, grey is 0, white is ${text}, the largest answer that this kernel can give.`;
    if (this.gl === undefined) this.gl = this.setUp();
    if (this.gl) this.drawFast();
    else this.drawSlowly(0, (this.turn = (this.turn ?? 0) + 1));
  }

  setUp() {
    const gl = this.canvas.getContext("webgl2", { preserveDrawingBuffer: true });
    if (!gl) return null;
    const name = gl.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER;
    if (/swiftshader|llvmpipe|softpipe|software|basic render/i.test(gl.getParameter(name)) && !this.hasAttribute("any-graphics")) {
      this.replaceCanvas();
      return null;
    }
    const program = gl.createProgram();
    const corners = "#version 300 es\nvoid main() { gl_Position = vec4(vec2[](vec2(-1), vec2(3, -1), vec2(-1, 3))[gl_VertexID], 0, 1); }";
    for (const [kind, source] of [[gl.VERTEX_SHADER, corners], [gl.FRAGMENT_SHADER, SHADER]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) { this.replaceCanvas(); return null; }
    gl.useProgram(program);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.place = Object.fromEntries(["taps", "size", "scale", "absolute"].map((name) => [name, gl.getUniformLocation(program, name)]));
    return gl;
  }

  /** A canvas that has had one kind of context gives no other. */
  replaceCanvas() {
    const fresh = this.canvas.cloneNode();
    this.canvas.replaceWith(fresh);
    this.canvas = fresh;
  }

  drawFast() {
    const gl = this.gl;
    if (this.picture !== this.grey) {
      this.picture = this.grey;
      gl.bindTexture(gl.TEXTURE_2D, (this.texture ??= gl.createTexture()));
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, SIDE, SIDE, 0, gl.RED, gl.UNSIGNED_BYTE, this.grey);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    }
    gl.uniform1fv(this.place.taps, new Float32Array(this.kernel.flat()));
    gl.uniform2i(this.place.size, this.kernel[0].length, this.kernel.length);
    gl.uniform1f(this.place.scale, this.scale);
    gl.uniform1i(this.place.absolute, this.absolute ? 1 : 0);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Filter by plain code, block by block; a block that no longer fits into this frame waits for the next. */
  drawSlowly(from, turn) {
    if (turn !== this.turn) return; // a newer kernel is being drawn
    const context = this.canvas.getContext("2d");
    if (from === 0) {
      if (this.padded?.of !== this.grey) this.padded = { of: this.grey, values: framed(this.grey) };
      this.factors = factors(this.kernel);
      this.sheet = context.createImageData(SIDE, SIDE);
      this.spent = 0;
      this.finished = false;
    }
    const started = performance.now();
    let row = from;
    while (row < SIDE && (row === from || performance.now() - started < BUDGET)) {
      const sums = this.factors ? separably(this.padded.values, this.factors, row) : fully(this.padded.values, this.kernel, row);
      const [gain, offset] = this.absolute ? [1 / this.scale, 0] : [0.5 / this.scale, 127.5];
      for (let i = 0, at = 4 * row * SIDE; i < sums.length; i++, at += 4) {
        const shade = (this.absolute ? Math.abs(sums[i]) : sums[i]) * gain + offset;
        this.sheet.data[at] = this.sheet.data[at + 1] = this.sheet.data[at + 2] = shade;
        this.sheet.data[at + 3] = 255;
      }
      row += BLOCK;
    }
    context.putImageData(this.sheet, 0, 0, 0, from, SIDE, row - from);
    this.spent += performance.now() - started;
    this.finished = row >= SIDE;
    if (row < SIDE) requestAnimationFrame(() => this.drawSlowly(row, turn));
  }
}

customElements.define("conv-image-lab", ConvImageLab);
