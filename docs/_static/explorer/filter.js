// The laboratory's filter without a graphics processor: sums for a few taps, Fourier transforms of tiles for many.  No page.
//
// A kernel with more than `FEW` numbers other than 0 costs the same whatever it holds, since only its own transform changes:
// the picture's are kept.  Both ways yield every few milliseconds, so that the page lives while they work.

export const SIDE = 512;
export const LARGEST = 15; // rows and columns of a kernel

const MARGIN = (LARGEST - 1) / 2;
const WIDE = SIDE + 2 * MARGIN;
const TILE = 128;
const VALID = TILE - 2 * MARGIN; // rows and columns of a tile's answer that no wrapping around reaches
const FEW = 16;
const PREVIEW = 4; // rows and columns to one pixel of the coarse picture
const MANY = 100; // taps, from which on they are twice as many
const PART = Math.ceil(WIDE / PREVIEW); // rows and columns of each PREVIEW-th one of the framed picture
const ROWS = 32; // between two yields

/** The picture with its edge pixels repeated around it, as far as the largest kernel reaches; numbers from 0 to 1. */
function framed(grey) {
  const values = new Float32Array(WIDE * WIDE);
  const inside = (i) => Math.min(SIDE - 1, Math.max(0, i - MARGIN));
  for (let y = 0; y < WIDE; y++) {
    for (let x = 0; x < WIDE; x++) values[y * WIDE + x] = grey[inside(y) * SIDE + inside(x)] / 255;
  }
  return values;
}

/** The kernel's numbers other than 0, each with its place in a square of 15×15 whose middle lies on the output's pixel. */
function tapsOf(kernel) {
  const [top, left] = [kernel.length, kernel[0].length].map((size) => MARGIN - ((size - 1) >> 1));
  return kernel.flatMap((row, a) => row.map((tap, b) => [tap, top + a, left + b])).filter(([tap]) => tap);
}

export class Filter {
  constructor(grey) {
    this.picture = framed(grey);
    this.spectra = [];
  }

  /** Cross-correlate the picture with a kernel of up to 15×15: SIDE × SIDE numbers, when the generator returns. */
  *answer(kernel) {
    const taps = tapsOf(kernel);
    return taps.length > FEW ? yield* this.byTransforms(taps) : yield* this.bySums(taps);
  }

  /** The answer at one pixel in the middle of each PREVIEW × PREVIEW of them, at once; with many taps at one of four of those. */
  preview(kernel) {
    const numbers = tapsOf(kernel);
    const step = numbers.length > MANY ? 2 : 1;
    const side = SIDE / PREVIEW / step;
    const middle = (PREVIEW * step) >> 1;
    const sums = new Float32Array(side * side);
    this.parts ??= Array.from({ length: PREVIEW * PREVIEW }, (_, k) => this.part(Math.floor(k / PREVIEW), k % PREVIEW));
    // What one tap reads lies side by side in one of the parts; four taps share each walk through the sums.
    const taps = numbers.map(([tap, a, b]) => [tap, a + middle, b + middle])
      .map(([tap, a, b]) => [tap, this.parts[(a % PREVIEW) * PREVIEW + (b % PREVIEW)], Math.floor(a / PREVIEW) * PART + Math.floor(b / PREVIEW)]);
    while (taps.length % 4) taps.push([0, this.parts[0], 0]);
    for (let k = 0; k < taps.length; k += 4) addFourParts(sums, side, step, taps[k], taps[k + 1], taps[k + 2], taps[k + 3]);
    return sums;
  }

  /** Each PREVIEW-th pixel of each PREVIEW-th row of the picture, from row `top` and column `left` on. */
  part(top, left) {
    const pixels = new Float32Array(PART * PART);
    for (let y = 0; y < PART; y++) {
      for (let x = 0; x < PART; x++) pixels[y * PART + x] = this.picture[(y * PREVIEW + top) * WIDE + x * PREVIEW + left];
    }
    return pixels;
  }

  *bySums(taps) {
    const sums = new Float32Array(SIDE * SIDE);
    const whole = [...taps, ...Array((4 - (taps.length % 4)) % 4).fill([0, 0, 0])];
    for (let y = 0; y < SIDE; y++) {
      const at = ([, a, b]) => (y + a) * WIDE + b;
      for (let k = 0; k < whole.length; k += 4) addFour(sums, y * SIDE, this.picture, whole.slice(k, k + 4), at);
      if (y % ROWS === ROWS - 1) yield;
    }
    return sums;
  }

  *byTransforms(taps) {
    const sums = new Float32Array(SIDE * SIDE);
    const kernel = plane();
    for (const [tap, a, b] of taps) kernel.re[a * TILE + b] = tap / (TILE * TILE);
    transform(kernel);
    const corners = [];
    for (let y = 0; y < SIDE; y += VALID) for (let x = 0; x < SIDE; x += VALID) corners.push([y, x]);
    const work = plane();
    for (let first = 0; first < corners.length; first += 2) {
      yield;
      const two = corners.slice(first, first + 2);
      this.spectra[first] ??= this.spectrum(two);
      multiplyByConjugate(work, this.spectra[first], kernel);
      transformBack(work);
      two.forEach((corner, index) => put(sums, index ? work.im : work.re, corner));
    }
    return sums;
  }

  /** Two tiles in one transform, one as the real part, one as the imaginary part: a real kernel keeps them apart. */
  spectrum(corners) {
    const tiles = plane();
    corners.forEach(([top, left], index) => {
      const part = index ? tiles.im : tiles.re;
      for (let y = 0; y < Math.min(TILE, WIDE - top); y++) {
        const start = (top + y) * WIDE + left;
        part.set(this.picture.subarray(start, start + Math.min(TILE, WIDE - left)), y * TILE);
      }
    });
    transform(tiles);
    return tiles;
  }
}

/** sums[x] += four taps times the picture from four places on: one row of the answer. */
function addFour(sums, row, picture, taps, at) {
  const [[k], [l], [m], [n]] = taps;
  const [p, q, r, s] = taps.map(at);
  for (let x = 0; x < SIDE; x++) sums[row + x] += k * picture[p + x] + l * picture[q + x] + m * picture[r + x] + n * picture[s + x];
}

/** The same for all rows of the coarse picture, each tap with a part of the picture that it reads from a place on, `step` pixels apart. */
function addFourParts(sums, side, step, [k, a, p], [l, b, q], [m, c, r], [n, d, s]) {
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0, at = y * step * PART; x < side; x++, i++, at += step) {
      sums[i] += k * a[p + at] + l * b[q + at] + m * c[r + at] + n * d[s + at];
    }
  }
}

/** The part of a tile's answer that is right, into its place. */
function put(sums, tile, [top, left]) {
  const columns = Math.min(VALID, SIDE - left);
  for (let y = 0; y < Math.min(VALID, SIDE - top); y++) {
    sums.set(tile.subarray(y * TILE, y * TILE + columns), (top + y) * SIDE + left);
  }
}

// ------------------------------------------------------------------------------------- Fourier transforms

const plane = () => ({ re: new Float32Array(TILE * TILE), im: new Float32Array(TILE * TILE) });
const COS = Float64Array.from({ length: TILE / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / TILE));
const SIN = Float64Array.from({ length: TILE / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / TILE));

/** out = a · (b's conjugate): a cross-correlation of what the two are the transforms of. */
function multiplyByConjugate(out, a, b) {
  for (let i = 0; i < out.re.length; i++) {
    out.re[i] = a.re[i] * b.re[i] + a.im[i] * b.im[i];
    out.im[i] = a.im[i] * b.re[i] - a.re[i] * b.im[i];
  }
}

/** A tile's transform, in place: its frequencies stand in an order that only `transformBack` need know. */
function transform(tile) {
  butterflies(tile, 0, TILE, TILE);
  for (let y = 0; y < TILE; y++) butterflies(tile, y * TILE, 1, 1);
}

function transformBack(tile) {
  for (let y = 0; y < TILE; y++) butterfliesBack(tile, y * TILE, 1, 1);
  butterfliesBack(tile, 0, TILE, TILE);
}

/** Radix 2, halving (Gentleman and Sande), over `width` sequences that lie side by side; elements `step` apart. */
function butterflies({ re, im }, from, step, width) {
  for (let half = TILE / 2, turn = 1; half >= 1; half /= 2, turn *= 2) {
    for (let k = 0; k < half; k++) {
      const [c, s] = [COS[k * turn], -SIN[k * turn]];
      for (let start = k; start < TILE; start += 2 * half) {
        for (let i = from + start * step, j = i + half * step, end = i + width; i < end; i++, j++) {
          const r = re[i] - re[j];
          const m = im[i] - im[j];
          re[i] += re[j];
          im[i] += im[j];
          re[j] = r * c - m * s;
          im[j] = r * s + m * c;
        }
      }
    }
  }
}

/** The same steps undone in the opposite order (Cooley and Tukey), two at a time after the first, since a walk through the
 *  memory costs more than its arithmetic; the factor 1 / length is the kernel's affair. */
function butterfliesBack({ re, im }, from, step, width) {
  for (let start = 0; start < TILE; start += 2) {
    for (let i = from + start * step, j = i + step, end = i + width; i < end; i++, j++) {
      const r = re[j];
      const m = im[j];
      re[j] = re[i] - r;
      im[j] = im[i] - m;
      re[i] += r;
      im[i] += m;
    }
  }
  for (let half = 2, turn = TILE / 8; half < TILE; half *= 4, turn /= 4) {
    for (let k = 0; k < half; k++) {
      const [c, s, cc, ss] = [COS[k * turn], SIN[k * turn], COS[2 * k * turn], SIN[2 * k * turn]];
      for (let start = k; start < TILE; start += 4 * half) {
        const far = half * step;
        for (let p = from + start * step, end = p + width; p < end; p++) {
          const q = p + far;
          const u = q + far;
          const v = u + far;
          // The step over `half`: p with q, u with v.
          const qr = re[q] * cc - im[q] * ss;
          const qm = re[q] * ss + im[q] * cc;
          const vr = re[v] * cc - im[v] * ss;
          const vm = re[v] * ss + im[v] * cc;
          const ar = re[p] + qr;
          const am = im[p] + qm;
          const br = re[p] - qr;
          const bm = im[p] - qm;
          const dr = re[u] + vr;
          const dm = im[u] + vm;
          const er = re[u] - vr;
          const em = im[u] - vm;
          // The step over 2 · half: p with u, and q with v a quarter turn on.
          const ur = dr * c - dm * s;
          const um = dr * s + dm * c;
          const wr = -(er * s + em * c);
          const wm = er * c - em * s;
          re[p] = ar + ur;
          im[p] = am + um;
          re[u] = ar - ur;
          im[u] = am - um;
          re[q] = br + wr;
          im[q] = bm + wm;
          re[v] = br - wr;
          im[v] = bm - wm;
        }
      }
    }
  }
}
