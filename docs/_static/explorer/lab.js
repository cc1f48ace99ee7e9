// <conv-image-lab>: any kernel of up to 15×15 on the photograph or on a picture of the reader's, which never leaves the page.
//
// The picture is filtered on the graphics processor, a loop over the taps for each pixel.  Where there is none (or one that
// software imitates, which is slower than plain code) filter.js does it, a few milliseconds of each frame.  Borders repeat the
// edge pixels.  The scale is the kernel's own: the largest answer that any picture between 0 and 1 can give, so that two
// kernels can be compared and a weak answer looks weak.

import { LARGEST, SIDE, Filter } from "./filter.js";
import { arrow, copy, download, fieldsOf, h, keep, link, namedKernels, only, typed, write } from "./page.js";
import { isPlane, planesFrom, planesText, resized } from "./state.js";

const BUDGET = 12; // milliseconds of a frame
const SHAPES = ["gaussian", "derivative", "laplacian"];
const [OPAQUE, GREY] = new Uint32Array(new Uint8Array([0, 0, 0, 255, 1, 1, 1, 0]).buffer);
const text = (number, digits = 2) => String(Number(number.toPrecision(digits))).replace("-", "−");
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

export class ConvImageLab extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.kernels = namedKernels();
    this.view = "signed";
    this.build();
    this.take({ lab: this.kernels.sobel_vertical ? "sobel_vertical" : "1,-1" });
    this.fromAddress();
    addEventListener("hashchange", () => this.fromAddress());
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
          <span class="cx-field"><label for="${id("file")}">your own (it stays on this page)</label><input id="${id("file")}" type="file" accept="image/*"></span>
        </fieldset>
        <fieldset><legend>Kernel</legend>
          <span class="cx-field"><label for="${id("preset")}">take</label><select id="${id("preset")}"><option value="">…</option></select></span>
          <span class="cx-field"><label for="${id("kind")}">or shape</label><select id="${id("kind")}"><option value="">…</option>
            <option value="gaussian">Gaussian</option><option value="derivative">Gaussian's derivative</option><option value="laplacian">Laplacian of Gaussian</option></select></span>
          <span class="cx-field"><label for="${id("sigma")}">width σ <b></b></label><input id="${id("sigma")}" type="range" min="0.5" max="3" step="0.05" value="1.5"></span>
          <span class="cx-field"><label for="${id("angle")}">direction <b></b></label><input id="${id("angle")}" type="range" min="0" max="360" step="1" value="0"></span>
          <span class="cx-field"><label for="${id("rows")}">rows</label><input id="${id("rows")}" type="number" min="1" max="15" value="3"></span>
          <span class="cx-field"><label for="${id("columns")}">columns</label><input id="${id("columns")}" type="number" min="1" max="15" value="3"></span>
        </fieldset>
        <fieldset><legend>Answer</legend>
          <span class="cx-field"><label for="${id("view")}">show</label><select id="${id("view")}"><option value="signed">signed: grey is 0</option><option value="absolute">absolute: black is 0</option>
            <option value="picture">the picture before it</option></select></span>
          <button type="button">Save PNG</button><button type="button">Copy link</button>
        </fieldset>
      </div>
      <p class="cx-sum" role="status"></p>
      <div class="cx-stage"><div class="cx-part"><canvas width="${SIDE}" height="${SIDE}" role="img" aria-label="The filtered picture"></canvas></div>
        <div class="cx-part cx-lab-kernel"></div></div>`;
    const part = (name) => this.querySelector(`#${id(name)}`);
    this.status = this.querySelector("[role=status]");
    this.canvas = this.querySelector("canvas");
    for (const name of Object.keys(this.kernels)) part("preset").append(new Option(name.replaceAll("_", " "), name));
    part("preset").onchange = (e) => { if (e.target.value) this.choose({ lab: e.target.value }); };
    const reshape = () => {
      if (part("kind").value) this.choose({ lab: `${part("kind").value},${part("sigma").value},${part("angle").value}` });
    };
    for (const name of ["kind", "sigma", "angle"]) part(name).addEventListener("input", reshape);
    for (const [name, axis] of [["rows", 0], ["columns", 1]]) {
      part(name).onchange = (e) => {
        const size = [this.kernel.length, this.kernel[0].length];
        size[axis] = Math.min(LARGEST, Math.max(1, Math.round(+e.target.value) || 1));
        this.choose({ lab: planesText([resized(this.kernel, ...size)]) });
      };
    }
    part("view").onchange = (e) => this.choose({ view: e.target.value });
    const [png, address] = this.querySelectorAll("button");
    png.onclick = () => this.canvas.toBlob((blob) => download(blob, "filtered.png"));
    address.onclick = () => { write("lab", this.fields()); copy(address, link()); };
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
  }

  // -------------------------------------------------------------------------------------- what is shown

  /** Take fields as they stand in an address: `lab`, a kernel's name, a shape or numbers, and `view`. */
  take({ lab, view }) {
    if (["signed", "absolute", "picture"].includes(view)) this.view = view;
    const [kind, sigma, angle] = (lab ?? "").split(",");
    if (Object.hasOwn(this.kernels, lab ?? "")) this.named(lab, "", this.kernels[lab]);
    else if (SHAPES.includes(kind) && sigma >= 0.5 && sigma <= 3 && angle >= 0 && angle <= 360) {
      this.control("sigma").value = sigma;
      this.control("angle").value = angle;
      this.named("", kind, shaped(kind, +sigma, +angle), lab);
    } else if (lab) {
      const planes = planesFrom(lab);
      if (planes.length === 1 && isPlane(planes[0], LARGEST)) this.named("", "", planes[0]);
    }
    this.control("view").value = this.view;
    this.request();
  }

  named(preset, kind, kernel, source = preset) {
    this.source = source;
    this.control("preset").value = preset;
    this.control("kind").value = kind;
    this.control("angle").disabled = kind !== "derivative";
    this.control("sigma").disabled = !kind;
    for (const [name, unit] of [["sigma", ""], ["angle", "°"]]) {
      this.control(name).previousElementSibling.lastChild.textContent = this.control(name).disabled ? "" : this.control(name).value + unit;
    }
    this.setKernel(kernel);
  }

  fields() { return `lab=${this.source || planesText([this.kernel])}${this.view === "signed" ? "" : `&view=${this.view}`}`; }

  /** A change that the reader made. */
  choose(fields) {
    this.take(fields);
    write("lab", this.fields());
  }

  fromAddress() {
    const fields = fieldsOf(location.hash);
    if (!fields.lab && !fields.view) return;
    this.take(fields);
    keep("lab", this.fields());
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
    const [rows, columns] = [this.kernel.length, this.kernel[0].length];
    if (this.size !== `${rows}×${columns}`) this.layOut(rows, columns); // when a slider moves, numbers change and boxes stay
    const most = Math.max(...this.kernel.flat().map(Math.abs)) || 1;
    // Two or three digits of the largest number; the smaller ones in its units.
    const digits = Math.min(9, Math.max(0, (columns > 7 ? 1 : 2) - Math.floor(Math.log10(most))));
    const cells = [...this.querySelectorAll(".cx-cell")];
    this.kernel.flat().forEach((value, k) => {
      cells[k].value = String(Number(value.toFixed(digits))).replace("-", "−");
      const strength = (100 * Math.abs(value)) / most;
      cells[k].parentElement.style.background = `color-mix(in srgb, var(${value < 0 ? "--cx-window" : "--cx-tap"}) ${strength}%, transparent)`;
    });
    this.querySelector("table").style.setProperty("--cx-characters", Math.max(...cells.map((cell) => cell.value.length)));
  }

  layOut(rows, columns) {
    this.size = `${rows}×${columns}`;
    const cell = (i, j) => h("input", {
      class: "cx-cell", inputmode: "decimal", autocomplete: "off", tabindex: i || j ? -1 : 0,
      onfocus: (e) => { e.target.select(); only(e.target); },
      onkeydown: (e) => {
        const [down, right] = arrow(e) ?? [0, 0];
        const next = this.querySelector("tbody").rows[i + down]?.cells[j + right]?.firstChild;
        if ((down || right) && next) { e.preventDefault(); next.focus(); }
      },
      "aria-label": `kernel of ${rows} by ${columns}, row ${i}, column ${j}`, onchange: (e) => this.type(e.target, i, j),
    });
    const table = h("table", { class: `cx-table cx-kernel${columns > 7 ? " cx-large" : ""}` }, h("caption", {}, "Kernel ", h("small", {}, this.size)),
      h("tbody", {}, Array.from({ length: rows }, (_, i) => h("tr", {}, Array.from({ length: columns }, (__, j) => h("td", {}, cell(i, j)))))));
    this.querySelector(".cx-lab-kernel").replaceChildren(
      h("div", { class: "cx-scroll", role: "group", "aria-label": "Kernel" }, table));
  }

  type(input, i, j) {
    const number = typed(input.value);
    if (number === null) { this.drawKernel(); return; }
    const next = this.kernel.map((row) => [...row]);
    next[i][j] = number;
    this.choose({ lab: planesText([next]) });
  }

  /** Draw once before the next frame, however often the kernel changed. */
  request() {
    this.finished = false;
    if (this.pending || !this.grey) return;
    this.pending = requestAnimationFrame(() => { this.pending = null; this.draw(); });
  }

  draw() {
    if (this.work) { this.late = true; return; } // the picture in work is finished first, or a moving slider would show none
    const before = this.view === "picture";
    const kernel = before ? [[1]] : this.kernel;
    const absolute = this.view !== "signed";
    this.scale = largestAnswer(kernel);
    const white = text(this.scale, 3);
    this.status.textContent = before ? "The picture before any kernel: black is 0, white is 1."
      : `Black is ${absolute ? 0 : `−${white}, grey is 0`}, white is ${white}, the largest answer that this kernel can give.`;
    this.canvas.setAttribute("aria-label", before ? "The picture" : "The filtered picture");
    if (this.gl === undefined) this.gl = this.setUp();
    if (this.gl) this.drawFast(kernel, absolute);
    else this.drawSlowly(kernel, absolute);
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

  drawFast(kernel, absolute) {
    const gl = this.gl;
    if (this.picture !== this.grey) {
      this.picture = this.grey;
      gl.bindTexture(gl.TEXTURE_2D, (this.texture ??= gl.createTexture()));
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, SIDE, SIDE, 0, gl.RED, gl.UNSIGNED_BYTE, this.grey);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    }
    gl.uniform1fv(this.place.taps, new Float32Array(kernel.flat()));
    gl.uniform2i(this.place.size, kernel[0].length, kernel.length);
    gl.uniform1f(this.place.scale, this.scale);
    gl.uniform1i(this.place.absolute, absolute ? 1 : 0);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    this.finished = true;
  }

  /** Filter by plain code, a part in each frame, and show the whole when it is there. */
  drawSlowly(kernel, absolute) {
    if (this.filter?.grey !== this.grey) this.filter = Object.assign(new Filter(this.grey), { grey: this.grey });
    const scale = this.scale;
    this.work = this.filter.answer(kernel);
    this.spent = 0;
    const part = () => {
      const started = performance.now();
      let step;
      do step = this.work.next(); while (!step.done && performance.now() - started < BUDGET);
      if (step.done) this.put(step.value, absolute ? 255 / scale : 127.5 / scale, absolute);
      this.spent += performance.now() - started;
      if (!step.done) { requestAnimationFrame(part); return; }
      this.work = null;
      this.finished = !this.late && !this.pending;
      if (this.late) { this.late = false; this.request(); }
    };
    part();
  }

  /** Answers as shades of grey. */
  put(answers, gain, absolute) {
    const context = this.canvas.getContext("2d");
    this.sheet ??= context.createImageData(SIDE, SIDE);
    const pixels = new Uint32Array(this.sheet.data.buffer); // red, green, blue and 255 for opaque, whatever the machine's order
    for (let i = 0; i < answers.length; i++) {
      const shade = (absolute ? Math.abs(answers[i]) * gain : answers[i] * gain + 127.5) + 0.5;
      pixels[i] = OPAQUE + GREY * (shade < 0 ? 0 : shade > 255 ? 255 : shade | 0);
    }
    context.putImageData(this.sheet, 0, 0);
  }
}

customElements.define("conv-image-lab", ConvImageLab);
