// <conv-image-lab>: any kernel of up to 15×15 on the photograph or on a picture of the reader's, which never leaves the page.
//
// The picture is filtered on the graphics processor, a loop over the taps for each pixel.  Where there is none (or one that
// software imitates, which is slower than plain code) filter.js does it: one pixel of sixteen or more at once, which is a coarse picture
// within the same frame, and all of them in a few milliseconds of each frame as soon as the kernel rests.  Borders repeat the
// edge pixels.  The scale is the kernel's own: the largest answer that any picture between 0 and 1 can give, so that two
// kernels can be compared and a weak answer looks weak.

import { cellTable, placesIn, putNumber, putShade, widen } from "./cells.js";
import { LARGEST, SIDE, Filter } from "./filter.js";
import { copy, download, fieldsOf, keep, link, namedKernels, onArrival, only, setText, write } from "./page.js";
import { isPlane, overlaid, planesFrom, planesText, resized } from "./state.js";
import { Typing } from "./typing.js";
import { words } from "./words.js";

const BUDGET = 12; // milliseconds of a frame
const REST = 120; // milliseconds without a change before the whole picture is filtered
const MANY = 50; // numbers of a kernel, which are written when it rests; its shades follow a slider a frame after the picture
const TOGETHER = 1500; // milliseconds within which changes of the same kind are one step of the Back button
const SHAPES = ["gaussian", "derivative", "laplacian"];
const [OPAQUE, GREY, ...UNITS] = new Uint32Array(new Uint8Array([0, 0, 0, 255, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]).buffer);
const text = (number, digits = 2) => String(Number(number.toPrecision(digits))).replace("-", "−");
const base = document.currentScript?.src ?? "";

const SHADER = `#version 300 es
precision highp float;
uniform sampler2D image;
uniform float taps[${LARGEST * LARGEST}];
uniform ivec2 size;
uniform float scale;
uniform bool absolute;
uniform bool colored;
out vec4 color;
void main() {
  ivec2 last = textureSize(image, 0) - 1;
  ivec2 here = ivec2(gl_FragCoord.x, float(last.y + 1) - gl_FragCoord.y) - (size - 1) / 2;
  vec3 sum = vec3(0);
  for (int a = 0; a < size.y; a++)
    for (int b = 0; b < size.x; b++)
      sum += taps[a * size.x + b] * texelFetch(image, clamp(here + ivec2(b, a), ivec2(0), last), 0).rgb;
  vec3 shade = absolute ? abs(sum) / scale : 0.5 + 0.5 * sum / scale;
  color = vec4(colored ? shade : shade.rrr, 1.0);
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
    this.first = this.kernels.sobel_vertical ? "sobel_vertical" : "1,-1";
    this.take({ lab: this.first });
    const given = this.fromAddress(location.hash, false);
    onArrival("lab", given ? this.fields() : "", (fields, isOwn) => this.fromAddress(fields, isOwn));
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
    const options = (texts) => Object.entries(texts).map(([value, shown]) => `<option value="${value}">${shown}</option>`).join("");
    this.innerHTML = `
      <div class="cx-controls">
        <fieldset><legend>${words.labPicture}</legend>
          <span class="cx-field"><label for="${id("file")}">${words.labFile}</label><input id="${id("file")}" type="file" accept="image/*"></span>
          <button type="button" id="${id("camera")}">${words.labCamera}</button><span class="cx-hint">${words.labDrop}</span>
        </fieldset>
        <fieldset><legend>${words.kernel}</legend>
          <span class="cx-field"><label for="${id("preset")}">${words.labTake}</label><select id="${id("preset")}"><option value="">…</option></select></span>
          <span class="cx-field"><label for="${id("kind")}">${words.labShape}</label><select id="${id("kind")}"><option value="">…</option>${options(words.labShapes)}</select></span>
          <span class="cx-field"><label for="${id("sigma")}">${words.labWidth} <b></b></label><input id="${id("sigma")}" type="range" min="0.5" max="3" step="0.05" value="1.5"></span>
          <span class="cx-field"><label for="${id("angle")}">${words.labDirection} <b></b></label><input id="${id("angle")}" type="range" min="0" max="360" step="1" value="0"></span>
          <span class="cx-field"><label for="${id("rows")}">${words.labSize[0]}</label><input id="${id("rows")}" type="number" min="1" max="15" value="3"></span>
          <span class="cx-field"><label for="${id("columns")}">${words.labSize[1]}</label><input id="${id("columns")}" type="number" min="1" max="15" value="3"></span>
        </fieldset>
        <fieldset><legend>${words.labAnswer}</legend>
          <span class="cx-field"><label for="${id("view")}">${words.labShow}</label><select id="${id("view")}">${options(words.labViews)}</select></span>
          <label class="cx-check"><input id="${id("color")}" type="checkbox" disabled>${words.labColor}</label>
          <button type="button">${words.save("PNG")}</button><button type="button">${words.copyLink}</button>
        </fieldset>
      </div>
      <p class="cx-sum" role="status"></p><p class="cx-notice" role="status"></p>
      <div class="cx-stage"><div class="cx-part"><div class="cx-lab-pictures"><canvas width="${SIDE}" height="${SIDE}" role="img" aria-label="${words.labFiltered}"></canvas>
          <canvas class="cx-lab-coarse" aria-hidden="true" hidden></canvas>
          <canvas class="cx-lab-before" width="${SIDE}" height="${SIDE}" aria-hidden="true"></canvas></div>
          <label class="cx-lab-reveal"><span>${words.labBefore}</span><input id="${id("reveal")}" type="range" min="0" max="100" value="33" aria-label="${words.labReveal}"><span>${words.labAfter}</span></label></div>
        <div class="cx-part cx-lab-kernel"></div></div>`;
    const part = (name) => this.querySelector(`#${id(name)}`);
    this.status = this.querySelector("[role=status]");
    this.notice = this.querySelector(".cx-notice");
    this.stage = this.querySelector(".cx-lab-kernel");
    this.stage.addEventListener("focusin", (e) => { if (e.target.dataset.place) only(e.target); });
    this.typing = new Typing(this);
    [this.canvas, this.coarse, this.before] = this.querySelectorAll("canvas");
    for (const name of Object.keys(this.kernels)) part("preset").append(new Option(words.kernelName(name), name));
    part("preset").onchange = (e) => { if (e.target.value) this.choose({ lab: e.target.value }); };
    const reshape = () => {
      if (part("kind").value) this.choose({ lab: `${part("kind").value},${part("sigma").value},${part("angle").value}` }, "shape");
    };
    for (const name of ["kind", "sigma", "angle"]) part(name).addEventListener("input", reshape);
    for (const [name, axis] of [["rows", 0], ["columns", 1]]) {
      part(name).oninput = (e) => {
        const number = Number(e.target.value);
        if (!e.target.value || !Number.isInteger(number) || number < 1 || number > LARGEST) return;
        const size = [this.kernel.length, this.kernel[0].length];
        size[axis] = number;
        const whole = overlaid(this.kernel, this.kept ?? []); // what a smaller size cuts off comes back when the size does
        this.choose({ lab: planesText([resized(whole, ...size)]) }, "size");
        this.kept = whole;
      };
      part(name).onchange = (e) => {
        const shown = [this.kernel.length, this.kernel[0].length][axis];
        if (Number(e.target.value) === shown) return;
        this.say(words.labKernelSize(LARGEST, axis, shown));
        e.target.value = shown;
      };
    }
    part("view").onchange = (e) => this.choose({ view: e.target.value });
    const [camera, png, address] = this.querySelectorAll("button");
    png.onclick = () => this.canvas.toBlob((blob) => download(blob, "filtered.png"));
    address.onclick = () => { write("lab", this.fields()); copy(address, link(), [words.copied, words.copyByHand]); };
    const reveal = () => { this.before.style.clipPath = `inset(0 ${100 - part("reveal").value}% 0 0)`; };
    part("reveal").oninput = reveal;
    reveal();
    part("color").onchange = () => this.request();
    camera.hidden = !navigator.mediaDevices?.getUserMedia;
    camera.onclick = () => (this.stream ? this.stopCamera() : this.startCamera());
    part("file").onchange = (e) => this.open(e.target.files[0]);
    this.addEventListener("dragover", (e) => { if ([...e.dataTransfer.items].some((item) => item.kind === "file")) e.preventDefault(); });
    this.addEventListener("drop", (e) => { e.preventDefault(); this.open(e.dataTransfer.files[0]); });
    document.addEventListener("paste", (e) => {
      const file = [...(e.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
      if (!file) return;
      e.preventDefault();
      this.open(file);
    });
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
    script.onerror = () => { this.status.textContent = words.labNoPhotograph; };
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
      setText(this.control(name).previousElementSibling.lastChild, this.control(name).disabled ? "" : this.control(name).value + unit);
    }
    this.setKernel(kernel);
  }

  fields() { return `lab=${this.source || planesText([this.kernel])}${this.view === "signed" ? "" : `&view=${this.view}`}`; }

  /** A change that the reader made; several of one kind that follow each other are one step of the Back button. */
  choose(fields, kind = null) {
    const before = this.fields();
    this.say("");
    this.sliding = kind === "shape";
    this.take(fields);
    this.sliding = false;
    this.kept = null;
    const now = performance.now();
    const goesOn = kind !== null && kind === this.lastKind && now - this.changed < TOGETHER;
    [this.lastKind, this.changed] = [kind, now];
    write("lab", this.fields(), this.fields() !== before && !goesOn);
  }

  /** Take what an address asks for; say whether that changed anything. */
  fromAddress(text, isOwn) {
    const fields = fieldsOf(text);
    const given = fields.lab !== undefined || fields.view !== undefined;
    if (!given && !isOwn) return false;
    const before = this.fields();
    this.say("");
    this.view = "signed";
    this.take({ lab: this.first });
    this.take(fields);
    if (fields.lab !== undefined && this.source !== fields.lab && planesText([this.kernel]) !== fields.lab) {
      this.say(words.labBroken);
    }
    if (!isOwn && this.notice.textContent) return false;
    keep("lab", given ? this.fields() : "");
    return this.fields() !== before;
  }

  // What typing into the kernel needs of its owner.
  get state() { return { kernel: [this.kernel] }; }

  get largest() { return LARGEST; }

  setState({ kernel }) { this.change({ kernel }); }

  change({ kernel }, kind = null) {
    if (Number.isFinite(largestAnswer(kernel[0]))) this.choose({ lab: planesText(kernel) }, kind);
    else this.say(words.labTooLarge);
  }

  say(text) { if (this.notice.textContent !== text) this.notice.textContent = text; }

  // ------------------------------------------------------------------------------------- pictures of the reader's

  /** Open a picture's file.  What has no size of its own, as some SVG files, is drawn as large as the laboratory. */
  async open(file) {
    if (!file) return;
    this.stopCamera();
    const image = new Image();
    image.src = URL.createObjectURL(file);
    try {
      await image.decode();
      this.say("");
      this.setPicture(image);
    } catch { this.say(words.labNoPicture(file.name)); }
    URL.revokeObjectURL(image.src);
  }

  async startCamera() {
    try { this.stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: SIDE }, height: { ideal: SIDE } } }); } catch {
      this.say(words.labNoCamera);
      return;
    }
    const video = Object.assign(document.createElement("video"), { srcObject: this.stream, muted: true, playsInline: true });
    await video.play();
    this.control("camera").textContent = words.labCameraStop;
    const next = () => {
      if (video.srcObject !== this.stream) return;
      if (video.videoWidth) this.setPicture(video, video.videoWidth, video.videoHeight);
      requestAnimationFrame(next);
    };
    next();
  }

  /** Let the camera go; its last picture stays. */
  stopCamera() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.control("camera").textContent = words.labCamera;
  }

  /** Take a picture's middle square, laid on white; as gray by the weights of Rec. 601, and in its colors. */
  setPicture(image, width = image.width || SIDE, height = image.height || SIDE) {
    const square = Math.min(width, height);
    const sheet = (this.taken ??= Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE }));
    const context = sheet.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#fff";
    context.fillRect(0, 0, SIDE, SIDE);
    const fit = SIDE / square;
    context.drawImage(image, (SIDE - width * fit) / 2, (SIDE - height * fit) / 2, width * fit, height * fit);
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    this.grey = new Uint8Array(SIDE * SIDE);
    this.colors = [0, 1, 2].map(() => new Uint8Array(SIDE * SIDE));
    let colored = false;
    for (let i = 0; i < this.grey.length; i++) {
      const [r, g, b] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
      this.grey[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
      [this.colors[0][i], this.colors[1][i], this.colors[2][i]] = [r, g, b];
      colored ||= r !== g || g !== b;
    }
    this.control("color").disabled = !colored;
    this.data = data;
    this.request();
  }

  /** The planes that are filtered: three in color, one in gray. */
  planes() { return this.control("color").checked && !this.control("color").disabled ? this.colors : [this.grey]; }

  setKernel(kernel) {
    this.kernel = kernel;
    this.control("rows").value = kernel.length;
    this.control("columns").value = kernel[0].length;
    clearTimeout(this.writing);
    const later = this.sliding && kernel.length * kernel[0].length > MANY;
    if (later) {
      this.writing = setTimeout(() => this.drawKernel(), REST);
      this.shading ??= requestAnimationFrame(() => { this.shading = requestAnimationFrame(() => { this.shading = null; this.drawKernel(true); }); });
    } else this.drawKernel();
    this.request();
  }

  /** The kernel's numbers and shades, or its shades alone. */
  drawKernel(shadesAlone = false) {
    const [rows, columns] = [this.kernel.length, this.kernel[0].length];
    if (this.size !== `${rows}×${columns}`) { // when a slider moves, numbers change and cells stay
      this.size = `${rows}×${columns}`;
      shadesAlone = false;
      this.typing.forget();
      this.stage.replaceChildren(cellTable("k", 0, words.kernel, [rows, columns]));
      this.stage.style.setProperty("--cx-size", columns > 7 || rows > 7 ? "25px" : "34px");
      this.places = placesIn(this.stage);
    }
    const most = Math.max(...this.kernel.flat().map(Math.abs)) || 1;
    if (shadesAlone) {
      this.kernel.forEach((row, i) => row.forEach((value, j) => putShade(this.places.get(`k0,${i},${j}`), value, most)));
      return;
    }
    // Two or three digits of the largest number; the smaller ones in its units.
    const digits = Math.min(9, Math.max(0, (columns > 7 ? 1 : 2) - Math.floor(Math.log10(most))));
    let longest = 1;
    this.kernel.forEach((row, i) => row.forEach((value, j) => {
      const cell = this.places.get(`k0,${i},${j}`);
      const shown = (most < 1e7 ? String(Number(value.toFixed(digits))) : text(value)).replace("-", "−");
      putNumber(cell, value, shown, most, this.typing.open?.cell === cell);
      longest = Math.max(longest, shown.length);
    }));
    widen(this.places.get("k0,0,0"), longest);
  }

  /** Draw once before the next frame, however often the kernel changed. */
  request() {
    this.finished = false;
    if (this.pending || !this.grey) return;
    this.pending = requestAnimationFrame(() => { this.pending = null; this.draw(); });
  }

  draw() {
    const before = this.view === "picture";
    const kernel = before ? [[1]] : this.kernel;
    const absolute = this.view !== "signed";
    this.scale = largestAnswer(kernel);
    const unit = kernel.map((row) => row.map((tap) => tap / this.scale)); // the largest answer is 1, whatever was typed
    const white = text(this.scale, 3);
    this.tell(before ? words.labScaleBefore : words.labScale(absolute, white));
    const label = before ? words.labUnfiltered : words.labFiltered;
    if (this.canvas.getAttribute("aria-label") !== label) this.canvas.setAttribute("aria-label", label);
    const planes = this.planes();
    if (this.beforeShows !== planes.at(-1)) {
      this.beforeShows = planes.at(-1);
      this.paint(this.before.getContext("2d"), planes, (shade) => shade);
    }
    if (this.gl === undefined) this.gl = this.setUp();
    if (this.gl) this.drawFast(unit, absolute);
    else this.drawSlowly(unit, absolute);
  }

  /** What black and white are; said again when the kernel rests, since voices read it out. */
  tell(text) {
    clearTimeout(this.telling);
    if (!this.status.textContent) setText(this.status, text);
    else this.telling = setTimeout(() => setText(this.status, text), REST);
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
    this.place = Object.fromEntries(["taps", "size", "scale", "absolute", "colored"].map((name) => [name, gl.getUniformLocation(program, name)]));
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
    const planes = this.planes();
    if (this.picture !== planes.at(-1)) {
      this.picture = planes.at(-1);
      gl.bindTexture(gl.TEXTURE_2D, (this.texture ??= gl.createTexture()));
      if (planes.length === 1) gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, SIDE, SIDE, 0, gl.RED, gl.UNSIGNED_BYTE, this.grey);
      else gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, SIDE, SIDE, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(this.data.buffer));
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    }
    gl.uniform1fv(this.place.taps, new Float32Array(kernel.flat()));
    gl.uniform2i(this.place.size, kernel[0].length, kernel.length);
    gl.uniform1f(this.place.scale, 1);
    gl.uniform1i(this.place.absolute, absolute ? 1 : 0);
    gl.uniform1i(this.place.colored, planes.length === 3 ? 1 : 0);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    this.finished = true;
  }

  /** Filter by plain code: a coarse picture at once, and the whole when the kernel rests, a part of it in each frame. */
  drawSlowly(kernel, absolute) {
    const planes = this.planes();
    if (this.filtered !== planes.at(-1)) [this.filtered, this.filters] = [planes.at(-1), planes.map((plane) => new Filter(plane))];
    const gain = absolute ? 255 : 127.5;
    this.put(this.filters.map((filter) => filter.preview(kernel)), gain, absolute);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.drawWhole(kernel, gain, absolute), REST);
  }

  drawWhole(kernel, gain, absolute) {
    const works = this.filters.map((filter) => filter.answer(kernel));
    const answers = [];
    const { resting } = this;
    this.spent = 0;
    const part = () => {
      if (this.resting !== resting) return; // the kernel has changed
      const started = performance.now();
      while (answers.length < works.length && performance.now() - started < BUDGET) {
        const step = works[answers.length].next();
        if (step.done) answers.push(step.value);
      }
      const done = answers.length === works.length;
      if (done) this.put(answers, gain, absolute);
      this.spent += performance.now() - started;
      if (!done) requestAnimationFrame(part);
      else this.finished = !this.pending;
    };
    part();
  }

  /** Answers as shades, of the whole picture or of a coarse one, of one plane or of three. */
  put(answers, gain, absolute) {
    const whole = answers[0].length === SIDE * SIDE;
    this.coarse.hidden = whole;
    const side = Math.sqrt(answers[0].length);
    if (!whole && this.coarse.width !== side) this.coarse.width = this.coarse.height = side;
    this.paint((whole ? this.canvas : this.coarse).getContext("2d"), answers, (answer) => (absolute ? Math.abs(answer) * gain : answer * gain + 127.5) + 0.5);
  }

  paint(context, planes, shadeOf) {
    const side = Math.sqrt(planes[0].length);
    this.images ??= {};
    const image = (this.images[side] ??= context.createImageData(side, side));
    const pixels = new Uint32Array(image.data.buffer); // red, green, blue and 255 for opaque, whatever the machine's order
    planes.forEach((plane, c) => {
      const [keep, unit] = planes.length === 1 ? [0, GREY] : [c ? ~0 : 0, UNITS[c]];
      for (let i = 0; i < plane.length; i++) {
        const shade = shadeOf(plane[i]);
        pixels[i] = (pixels[i] & keep) + (c ? 0 : OPAQUE) + unit * (shade < 0 ? 0 : shade > 255 ? 255 : shade | 0);
      }
    });
    context.putImageData(image, 0, 0);
  }
}

customElements.define("conv-image-lab", ConvImageLab);
