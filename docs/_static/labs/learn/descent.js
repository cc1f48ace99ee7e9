// Learning two weights and a bias from a 6×8 image: the equations, the run, and the theory that predicts it.  No page, no drawing.
//
// The counterpart in the package is convbook/learning; a test compares every weight and loss of hundreds of runs with it.  A setting:
//   image: 48 numbers; target: [w1, w2]; start: [w1, w2]; noise: its standard deviation; seed; lr; momentum; batch: output pixels a
//   step; bias, mean: booleans; steps

export const [ROWS, COLUMNS] = [6, 8];
export const PIXELS = ROWS * (COLUMNS - 1); // of the output

/** Random numbers from 0 to 1 that a seed determines (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);

/** P, a window of the image in each row with a 1 for the bias, and y, the output to be learned. */
export function equations({ image, target, noise, seed, bias }) {
  const random = generator(seed);
  const P = [];
  for (let i = 0; i < ROWS; i++) {
    for (let j = 0; j < COLUMNS - 1; j++) {
      const at = i * COLUMNS + j;
      P.push([image[at], image[at + 1], ...(bias ? [1] : [])]);
    }
  }
  return { P, y: P.map((row) => row[0] * target[0] + row[1] * target[1] + noise * normal(random)) };
}

/** The sum of the squared errors, times a scale.  A slider that moves asks for it a hundred times: plain loops are quickest. */
function squares({ P, y }, u, scale) {
  let sum = 0;
  for (let k = 0; k < P.length; k++) {
    let value = 0;
    for (let c = 0; c < u.length; c++) value += P[k][c] * u[c];
    sum += (value - y[k]) ** 2;
  }
  return scale * sum;
}

/** The run itself: the weights and the loss of the whole image after 0, 1, … steps; it ends where a number is not finite. */
export function run(setting, given = equations(setting)) {
  const { P, y } = given;
  const { batch, mean, lr, momentum, steps } = setting;
  const random = generator(setting.seed + 1);
  const pixels = P.map((_, k) => k);
  const whole = mean ? 1 / PIXELS : 1;
  let u = [...setting.start, ...(setting.bias ? [0] : [])];
  let velocity = u.map(() => 0);
  const path = [u];
  const losses = [squares(given, u, whole)];
  const batches = [];
  for (let step = 0; step < steps; step++) {
    if (batch < PIXELS) for (let k = 0; k < batch; k++) { // the first of a shuffled list
      const other = k + Math.floor(random() * (PIXELS - k));
      [pixels[k], pixels[other]] = [pixels[other], pixels[k]];
    }
    const drawn = pixels.slice(0, batch);
    const gradient = u.map(() => 0);
    for (let n = 0; n < batch; n++) {
      const row = P[drawn[n]];
      let value = 0;
      for (let c = 0; c < u.length; c++) value += row[c] * u[c];
      const residual = value - y[drawn[n]];
      for (let c = 0; c < u.length; c++) gradient[c] += 2 * residual * row[c] * (mean ? 1 / batch : 1);
    }
    velocity = velocity.map((v, c) => momentum * v + gradient[c]);
    u = u.map((w, c) => w - lr * velocity[c]);
    const loss = squares(given, u, whole);
    if (!Number.isFinite(loss)) break;
    path.push(u);
    losses.push(loss);
    batches.push(drawn);
  }
  return { path, losses, batches };
}

/** Eigenvalues from small to large and their unit vectors, of a symmetric matrix, by Jacobi's rotations. */
export function eigen(matrix) {
  const a = matrix.map((row) => [...row]);
  const n = a.length;
  const vectors = a.map((_, i) => a.map((__, j) => +(i === j))); // in columns
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        const half = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.sqrt(half * half + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        for (const m of [a, vectors]) {
          for (const row of m) [row[p], row[q]] = [c * row[p] - t * c * row[q], t * c * row[p] + c * row[q]];
        }
        const [first, second] = [a[p], a[q]];
        [a[p], a[q]] = [first.map((x, k) => c * x - t * c * second[k]), first.map((x, k) => t * c * x + c * second[k])];
        a[p][q] = a[q][p] = 0;
      }
    }
  }
  const order = a.map((_, k) => k).sort((i, j) => a[i][i] - a[j][j]);
  return order.map((k) => {
    const vector = vectors.map((row) => row[k]);
    const sign = vector.find((x) => Math.abs(x) > 1e-9) < 0 ? -1 : 1;
    return { value: a[k][k], vector: vector.map((x) => sign * x) };
  });
}

/** What the image says about any run before it is made: the directions with their eigenvalues, the bounds of the learning rate, the
 *  lowest loss, and the loss after 0, 1, … steps.  With batches it is the theory of the average batch. */
export function theory(setting, given = equations(setting)) {
  const { P, y } = given;
  const { batch, mean, lr, momentum, steps } = setting;
  const whole = mean ? 1 / PIXELS : 1;
  const scale = mean ? whole : batch / PIXELS; // of a step's average gradient
  const first = [...setting.start, ...(setting.bias ? [0] : [])];
  const gram = first.map((_, i) => first.map((__, j) => P.reduce((sum, row) => sum + row[i] * row[j], 0)));
  const right = first.map((_, i) => P.reduce((sum, row, k) => sum + row[i] * y[k], 0));
  const found = eigen(gram);
  const largest = found[found.length - 1].value;
  const directions = found.map(({ value, vector }) => {
    const open = !(value > 1e-9 * largest); // the image says nothing along it
    const least = open ? dot(first, vector) : dot(right, vector) / value;
    return { vector, open, least, value: open ? 0 : value, lambda: open ? 0 : value * scale, factor: open ? 1 : 1 - 2 * lr * value * scale };
  });
  const known = directions.filter(({ open }) => !open);
  const best = first.map((_, c) => directions.reduce((sum, d) => sum + d.least * d.vector[c], 0)); // the lowest point, nearest to the start
  const floor = squares(given, best, whole);
  const predicted = Array.from({ length: steps + 1 }, () => floor);
  for (const { value, least, factor, vector } of known) {
    let left = dot(first, vector) - least;
    let move = 0;
    for (let step = 0; step <= steps; step++) {
      predicted[step] += whole * value * left * left;
      move = momentum * move + (factor - 1) * left;
      left += move;
    }
  }
  const bound = known.length ? (1 + momentum) / known[known.length - 1].lambda : Infinity;
  return {
    directions, best, floor, predicted, critical: bound,
    quickest: known.length ? (1 + momentum) / (known[0].lambda + known[known.length - 1].lambda) : Infinity,
  };
}

/** What a step multiplies a direction's error by in the long run, without its sign where there is momentum. */
export function longRun(factor, momentum) {
  if (momentum === 0) return factor;
  const middle = Math.abs(momentum + factor);
  const discriminant = middle * middle - 4 * momentum;
  return discriminant < 0 ? Math.sqrt(momentum) : (middle + Math.sqrt(discriminant)) / 2;
}

/** The loss over the two weights where the bias is held: its middle, its height there, and the directions of the level lines. */
export function bowl(setting, given, bias) {
  const { P, y } = given;
  const whole = setting.mean ? 1 / PIXELS : 1;
  const target = y.map((value) => value - bias);
  const gram = [0, 1].map((i) => [0, 1].map((j) => P.reduce((sum, row) => sum + row[i] * row[j], 0)));
  const right = [0, 1].map((i) => P.reduce((sum, row, k) => sum + row[i] * target[k], 0));
  const axes = eigen(gram);
  const largest = axes[1].value;
  const middle = [0, 0];
  for (const { value, vector } of axes) {
    if (!(value > 1e-9 * largest)) continue;
    vector.forEach((x, c) => { middle[c] += (dot(right, vector) / value) * x; });
  }
  const height = squares({ P: P.map(([a, b]) => [a, b]), y: target }, middle, whole);
  return { middle, height, axes: axes.map(({ value, vector }) => ({ value: Math.max(0, value * whole), vector })) };
}
