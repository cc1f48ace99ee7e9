// A stack of layers: sizes, fields, cost, the numbers forward and the gradient of one output back.  No page, no drawing.
//
// Node 0 is the image, node i the output of layer i.  A node holds maps: a convolution makes one of all that it reads, which stands
// for all channels; a concatenation keeps those of both sides.  All maps are square.

import { WORDS } from "./words.js";

export const MOST_LAYERS = 6;
const MOST_ROWS = 96; // that the page draws
const LAYER = /^(conv|max|avg|up)k(\d+)s(\d+)p(\d+)d(\d+)o(\d+)(r?)(?:i(\d))?(?:([+&])(\d))?$/;

/** The layers that a text describes, or undefined: `convk3s1p1d1o8r` is a 3×3 convolution with eight channels and a ReLU; `i0` reads
 *  node 0 instead of the layer before, `+0` adds node 0 to the result, `&0` concatenates it. */
export function parse(text) {
  const layers = text.split(",").map((part, place) => {
    const found = LAYER.exec(part);
    if (!found) return null;
    const [k, s, p, d, o] = found.slice(2, 7).map(Number);
    const layer = { kind: found[1], k, s, p, d, o, relu: found[7] === "r", from: Number(found[8] ?? place), join: found[9] ?? "", with: Number(found[10] ?? 0) };
    const fits = k >= 1 && k <= 11 && s >= 1 && s <= 4 && p <= 5 && d >= 1 && d <= 4 && o >= 1 && o <= 512 && layer.from <= place && layer.with <= place;
    return fits ? layer : null;
  });
  return layers.length <= MOST_LAYERS && !layers.includes(null) ? layers : undefined;
}

export const written = (layers) => layers.map((l, place) => `${l.kind}k${l.k}s${l.s}p${l.p}d${l.d}o${l.o}${l.relu ? "r" : ""}${l.from === place ? "" : `i${l.from}`}${l.join ? l.join + l.with : ""}`).join(",");

export class StackError extends Error {}

const isPooling = (layer) => layer.kind === "max" || layer.kind === "avg";
const minus = (n) => String(n).replace("-", "−");
const reach = (l) => l.d * (l.k - 1) + 1;

/** One layer's rows from rows. */
function sizeOf(layer, n, place) {
  const r = reach(layer);
  if (isPooling(layer) && layer.p > layer.k / 2) throw new StackError(WORDS.widePadding(place, Math.floor(layer.k / 2)));
  const out = layer.kind === "up" ? layer.s * (n - 1) + r - 2 * layer.p : Math.floor((n + 2 * layer.p - r) / layer.s) + 1;
  const formula = layer.kind === "up" ? `${layer.s}·(${n} − 1) + ${r} − 2·${layer.p}` : `⌊(${n} + 2·${layer.p} − ${r}) / ${layer.s}⌋ + 1`;
  if (out < 1) throw new StackError(WORDS.noFit(place, formula, minus(out)));
  if (out > MOST_ROWS) throw new StackError(WORDS.tooLarge(place, formula, out, MOST_ROWS));
  return out;
}

/** What each node is: rows, maps, channels, jump; of the layers also parameters and multiply–adds. */
export function nodesOf(layers, size, channels) {
  const nodes = [{ rows: size, maps: 1, channels, jump: 1, parameters: 0, multiplyAdds: 0 }];
  layers.forEach((layer, index) => {
    const place = index + 1;
    const source = nodes[layer.from];
    const rows = sizeOf(layer, source.rows, place);
    const pools = isPooling(layer);
    const node = {
      rows, maps: pools ? source.maps : 1, channels: pools ? source.channels : layer.o,
      jump: layer.kind === "up" ? source.jump / layer.s : source.jump * layer.s,
      parameters: pools ? 0 : layer.k ** 2 * source.channels * layer.o + layer.o,
      multiplyAdds: pools ? 0 : (layer.kind === "up" ? source.rows : rows) ** 2 * layer.k ** 2 * source.channels * layer.o,
    };
    if (layer.join) {
      const other = nodes[layer.with];
      if (other.rows !== rows) throw new StackError(WORDS.otherSize(place, rows, other.rows, layer.with));
      if (layer.join === "+" && (other.channels !== node.channels || other.maps !== node.maps)) {
        throw new StackError(WORDS.otherChannels(place, other.channels, layer.with, node.channels));
      }
      if (layer.join === "&") [node.maps, node.channels] = [node.maps + other.maps, node.channels + other.channels];
    }
    nodes.push(node);
  });
  return nodes;
}

/** The rows of each node on which rows [first, last] of the last node can depend, null where none; padding counts as rows. */
export function fields(layers, first, last) {
  const found = Array(layers.length + 1).fill(null);
  const widen = (node, low, high) => { found[node] = found[node] ? [Math.min(low, found[node][0]), Math.max(high, found[node][1])] : [low, high]; };
  widen(layers.length, first, last);
  for (let place = layers.length; place > 0; place--) {
    const layer = layers[place - 1];
    if (!found[place]) continue;
    const [low, high] = found[place];
    const over = layer.d * (layer.k - 1);
    if (layer.kind === "up") widen(layer.from, Math.ceil((low + layer.p - over) / layer.s), Math.floor((high + layer.p) / layer.s));
    else widen(layer.from, low * layer.s - layer.p, high * layer.s - layer.p + over);
    if (layer.join) widen(layer.with, low, high);
  }
  return found;
}

/** Random numbers from −1 to 1 that a seed repeats (mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) / 2 ** 31) - 1;
  };
}

/** The weights of each layer, [layer][map][tap]: all 1, or random so that numbers neither grow nor shrink; null for a pooling. */
export function weightsOf(layers, nodes, seed) {
  const next = random(seed * 7919);
  return layers.map((layer) => {
    if (isPooling(layer)) return null;
    const { maps } = nodes[layer.from];
    const scale = Math.sqrt(3 / (layer.k ** 2 * maps));
    return Array.from({ length: maps }, () => Float64Array.from({ length: layer.k ** 2 }, () => (seed ? scale * next() : 1)));
  });
}

/** An image of numbers above 0, no two of them equal, so that every maximum is one pixel's. */
export function imageOf(size) {
  const value = (i, j) => 1.5 + Math.sin(0.9 * i + 0.3) * Math.cos(0.7 * j) + 0.3 * Math.sin(0.37 * i * j + i) + 1e-3 * (i - j);
  return Float64Array.from({ length: size * size }, (_, at) => value(Math.floor(at / size), at % size));
}

/** Call `visit(output, input, tap)` for each pair of places of a layer that a tap joins; for "up" the roles are exchanged. */
function eachTap(layer, rows, inputRows, visit) {
  const [outer, inner] = layer.kind === "up" ? [inputRows, rows] : [rows, inputRows];
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < outer; j++) {
      for (let a = 0; a < layer.k; a++) {
        const r = i * layer.s - layer.p + a * layer.d;
        if (r < 0 || r >= inner) continue;
        for (let b = 0; b < layer.k; b++) {
          const q = j * layer.s - layer.p + b * layer.d;
          if (q < 0 || q >= inner) continue;
          if (layer.kind === "up") visit(r * inner + q, i * outer + j, a * layer.k + b);
          else visit(i * outer + j, r * inner + q, a * layer.k + b);
        }
      }
    }
  }
}

/** All numbers, [node][map], and what the way back needs of them. */
export function forward(layers, nodes, weights, image) {
  const values = [[image]];
  const winners = [];
  layers.forEach((layer, index) => {
    const [node, source] = [nodes[index + 1], nodes[layer.from]];
    const inputs = values[layer.from];
    const plane = () => new Float64Array(node.rows ** 2);
    let out;
    if (layer.kind === "max") {
      winners[index] = inputs.map(() => new Int32Array(node.rows ** 2).fill(-1));
      out = inputs.map((input, m) => {
        const most = plane().fill(-Infinity);
        eachTap(layer, node.rows, source.rows, (y, x) => { if (input[x] > most[y]) [most[y], winners[index][m][y]] = [input[x], x]; });
        return most;
      });
    } else if (layer.kind === "avg") {
      out = inputs.map((input) => {
        const sum = plane();
        eachTap(layer, node.rows, source.rows, (y, x) => { sum[y] += input[x] / layer.k ** 2; });
        return sum;
      });
    } else {
      const sum = plane();
      inputs.forEach((input, m) => eachTap(layer, node.rows, source.rows, (y, x, tap) => { sum[y] += weights[index][m][tap] * input[x]; }));
      out = [sum];
    }
    if (layer.join === "+") out = out.map((map, m) => map.map((v, at) => v + values[layer.with][m][at]));
    if (layer.join === "&") out = [...out, ...values[layer.with].map((map) => map.slice())];
    if (layer.relu) out = out.map((map) => map.map((v) => Math.max(0, v)));
    values.push(out);
  });
  return { values, winners };
}

/** The gradient of one place of the last node (the sum over its maps) by every number, [node][map]. */
export function backward(layers, nodes, weights, { values, winners }, at) {
  const gradients = nodes.map((node) => Array.from({ length: node.maps }, () => new Float64Array(node.rows ** 2)));
  for (const map of gradients[layers.length]) map[at] = 1;
  for (let place = layers.length; place > 0; place--) {
    const [layer, index] = [layers[place - 1], place - 1];
    const [node, source] = [nodes[place], nodes[layer.from]];
    const passed = layer.relu ? gradients[place].map((map, m) => map.map((g, y) => (values[place][m][y] > 0 ? g : 0))) : gradients[place];
    const own = passed.slice(0, layer.join === "&" ? node.maps - nodes[layer.with].maps : node.maps);
    if (layer.join) {
      const rest = layer.join === "&" ? passed.slice(own.length) : own;
      rest.forEach((map, m) => map.forEach((g, y) => { gradients[layer.with][m][y] += g; }));
    }
    const back = gradients[layer.from];
    if (layer.kind === "max") own.forEach((map, m) => map.forEach((g, y) => { if (winners[index][m][y] >= 0) back[m][winners[index][m][y]] += g; }));
    else if (layer.kind === "avg") own.forEach((map, m) => eachTap(layer, node.rows, source.rows, (y, x) => { back[m][x] += map[y] / layer.k ** 2; }));
    else back.forEach((map, m) => eachTap(layer, node.rows, source.rows, (y, x, tap) => { map[x] += weights[index][m][tap] * own[0][y]; }));
  }
  return gradients;
}

/** The stack as a module of PyTorch. */
export function torchCode(layers, nodes) {
  const option = (name, value, usual) => (value === usual ? "" : `, ${name}=${value}`);
  const make = (l, index) => {
    const channels = nodes[l.from].channels;
    if (l.kind === "max") return `nn.MaxPool2d(${l.k}${option("stride", l.s, l.k)}${option("padding", l.p, 0)}${option("dilation", l.d, 1)})`;
    if (l.kind === "avg") return `nn.AvgPool2d(${l.k}${option("stride", l.s, l.k)}${option("padding", l.p, 0)})`;
    return `nn.${l.kind === "up" ? "ConvTranspose2d" : "Conv2d"}(${channels}, ${l.o}, ${l.k}${option("stride", l.s, 1)}${option("padding", l.p, 0)}${option("dilation", l.d, 1)})`;
  };
  const run = (l, index) => {
    const y = `self.layer${index + 1}(x${l.from})`;
    const joined = l.join === "+" ? `${y} + x${l.with}` : l.join === "&" ? `torch.cat([${y}, x${l.with}], dim=1)` : y;
    return `        x${index + 1} = ${l.relu ? `torch.relu(${joined})` : joined}`;
  };
  return ["import torch", "from torch import nn", "", "", "class Stack(nn.Module):", "    def __init__(self):", "        super().__init__()",
    ...layers.map((l, index) => `        self.layer${index + 1} = ${make(l, index)}`), "", "    def forward(self, x0):",
    ...layers.map(run), `        return x${layers.length}`, ""].join("\n");
}
