// LeNet as the chapter trained it: its weights from the stored file, every map of an image, and the sum behind each number.  And how
// a drawing becomes an image like those of the training data.  No page, no drawing.
//
// A test compares the outputs and maps of hundreds of images and edited kernels with torch.

/** The convolution layers: maps in and out, the side of their output, and where weights and biases begin among all parameters. */
export const KERNEL = 5;
export const LAYERS = [
  { from: 1, to: 6, input: 28, output: 24, weight: 0, bias: 150 },
  { from: 6, to: 16, input: 12, output: 8, weight: 156, bias: 2556 },
];
const [HIDDEN, OUT] = [{ from: 256, to: 32, weight: 2572, bias: 10764 }, { from: 32, to: 10, weight: 10796, bias: 11116 }];
export const PARAMETERS = 11126;
export const [SIDE, DIGITS] = [28, 10];

/** Numbers of 16 bits, as IEEE 754 writes them, from base64. */
export function halves(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const bits = new Uint16Array(bytes.buffer);
  return Float64Array.from(bits, (half) => {
    const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >> 10) & 31, half & 1023];
    return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024);
  });
}

/** Images of whole numbers from 0 to 255, from base64, as numbers from 0 to 1. */
export function images(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return Array.from({ length: bytes.length / (SIDE * SIDE) }, (_, k) => Float64Array.from(bytes.subarray(k * SIDE * SIDE, (k + 1) * SIDE * SIDE), (v) => v / 255));
}

function convolve(p, { from, to, input, output, weight, bias }, maps) {
  const result = new Float64Array(to * output * output);
  for (let o = 0; o < to; o++) {
    const start = o * output * output;
    result.fill(p[bias + o], start, start + output * output);
    for (let c = 0; c < from; c++) {
      for (let a = 0; a < KERNEL; a++) {
        for (let b = 0; b < KERNEL; b++) {
          const tap = p[weight + ((o * from + c) * KERNEL + a) * KERNEL + b];
          if (tap === 0) continue;
          for (let i = 0; i < output; i++) {
            const row = c * input * input + (i + a) * input + b;
            for (let j = 0, at = start + i * output; j < output; j++) result[at + j] += tap * maps[row + j];
          }
        }
      }
    }
  }
  return result.map((value) => (value > 0 ? value : 0));
}

function pool(maps, count, side) {
  const half = side / 2;
  const result = new Float64Array(count * half * half);
  for (let k = 0; k < count; k++) {
    for (let i = 0; i < half; i++) {
      for (let j = 0; j < half; j++) {
        const at = k * side * side + 2 * i * side + 2 * j;
        result[(k * half + i) * half + j] = Math.max(maps[at], maps[at + 1], maps[at + side], maps[at + side + 1]);
      }
    }
  }
  return result;
}

const dense = (p, { from, to, weight, bias }, values) => Float64Array.from({ length: to }, (_, o) => {
  let sum = p[bias + o];
  for (let k = 0; k < from; k++) sum += p[weight + o * from + k] * values[k];
  return sum;
});

/** Every map of an image after ReLU and after pooling, the 32 hidden numbers, and the probability of each digit. */
export function answer(p, image) {
  const first = convolve(p, LAYERS[0], image);
  const pooled = pool(first, 6, 24);
  const second = convolve(p, LAYERS[1], pooled);
  const last = pool(second, 16, 8);
  const hidden = dense(p, HIDDEN, last).map((value) => (value > 0 ? value : 0));
  const scores = dense(p, OUT, hidden);
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return { maps: [first, pooled, second, last], hidden, scores, probabilities: powers.map((power) => power / total) };
}

/** The sum behind cell (i, j) of map `o` of a convolution layer: the part of each map that it reads, and the bias. */
export function sumOf(p, layer, inputs, o, i, j) {
  const { from, input, weight, bias } = LAYERS[layer];
  const parts = Array.from({ length: from }, (_, c) => {
    let sum = 0;
    for (let a = 0; a < KERNEL; a++) {
      for (let b = 0; b < KERNEL; b++) sum += p[weight + ((o * from + c) * KERNEL + a) * KERNEL + b] * inputs[c * input * input + (i + a) * input + j + b];
    }
    return sum;
  });
  return { parts, bias: p[bias + o] };
}

// ------------------------------------------------------------------------------------------------ from strokes to an image

const [BOX, RADIUS] = [20, 1.15]; // pixels: the side that a digit fits, and half of a stroke's width
const SMALLEST = 12; // a drawing smaller than this, in hundredths of the pad, is a dot and is not blown up

function paint(strokes) {
  const image = new Float64Array(SIDE * SIDE);
  for (const stroke of strokes) {
    for (let k = 0; k < Math.max(1, stroke.length - 1); k++) {
      const [ax, ay] = stroke[k];
      const [bx, by] = stroke[Math.min(k + 1, stroke.length - 1)];
      const [dx, dy] = [bx - ax, by - ay];
      const length = dx * dx + dy * dy;
      const far = RADIUS + 0.5;
      const [top, bottom] = [Math.max(0, Math.ceil(Math.min(ay, by) - far)), Math.min(SIDE - 1, Math.floor(Math.max(ay, by) + far))];
      const [left, right] = [Math.max(0, Math.ceil(Math.min(ax, bx) - far)), Math.min(SIDE - 1, Math.floor(Math.max(ax, bx) + far))];
      for (let y = top; y <= bottom; y++) {
        for (let x = left; x <= right; x++) {
          const along = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
          const ink = far - Math.hypot(x - ax - along * dx, y - ay - along * dy);
          if (ink > image[y * SIDE + x]) image[y * SIDE + x] = Math.min(1, ink);
        }
      }
    }
  }
  return image;
}

/** The image of strokes [[[x, y], …], …], in any unit: scaled to fit 20×20 pixels, its center of mass moved to the middle of 28×28. */
export function imageOf(strokes) {
  const points = strokes.flat();
  if (!points.length) return new Float64Array(SIDE * SIDE);
  const range = (axis) => [Math.min(...points.map((p) => p[axis])), Math.max(...points.map((p) => p[axis]))];
  const [[left, right], [top, bottom]] = [range(0), range(1)];
  const scale = (BOX - 2 * RADIUS) / Math.max(right - left, bottom - top, SMALLEST);
  const middle = (SIDE - 1) / 2;
  const placed = (dx, dy) => strokes.map((stroke) => stroke.map(([x, y]) => [middle + (x - (left + right) / 2) * scale + dx, middle + (y - (top + bottom) / 2) * scale + dy]));
  const first = paint(placed(0, 0));
  let [ink, x, y] = [0, 0, 0];
  first.forEach((value, k) => { ink += value; x += value * (k % SIDE); y += value * Math.floor(k / SIDE); });
  const image = paint(placed(middle - x / ink, middle - y / ink));
  return image.map((value) => Math.round(255 * value) / 255);
}
