// Every label, sentence and error of the lab.  In a Chinese book words_zh_CN.js puts its own in their place.

const node = (n) => (n ? `layer ${n}` : "the image");

export const WORDS = {
  title: "A stack of layers",
  preset: "Take a stack", weights: "weights", ones: "all 1: the gradient counts paths", random: "random, of a seed",
  presets: {
    threes: "three 3×3", seven: "one 7×7", dilations: "dilations 1, 2, 4", lenet: "LeNet", residual: "residual block", inception: "inception block",
    stem: "ResNet-18's stem", updown: "down and up",
  },
  kinds: { conv: "convolution", max: "max pooling", avg: "average pooling", up: "transposed" },
  size: "rows and columns of the image", row: "row of the output", column: "column of the output", again: "Other random weights", code: "The same in torch",
  inputs: "channels of the image", node, plus: (n) => `+ ${node(n)}`, beside: (n) => `beside ${node(n)}`,
  add: "Add a layer", remove: (n) => `Remove layer ${n}`,
  fields: {
    kind: (n) => `what layer ${n} does`, k: (n) => `kernel of layer ${n}`, s: (n) => `stride of layer ${n}`, p: (n) => `padding of layer ${n}`, d: (n) => `dilation of layer ${n}`,
    o: (n) => `channels of layer ${n}`, from: (n) => `what layer ${n} reads`, join: (n) => `what joins layer ${n}`, relu: (n) => `ReLU after layer ${n}`,
  },
  heads: ["", "layer", "kernel", "stride", "padding", "dilation", "channels", "reads", "joins", "ReLU"],
  results: ["", "output", "channels", "jump", "field", "parameters", "multiply–adds", "Σ|gradient|", "largest"],
  all: "all",
  image: "image", map: (n, rows) => `${n ? `Layer ${n}` : "Image"}, ${rows}×${rows}`,
  strength: (sum, most) => `Σ|g| ${sum}, largest ${most}`,
  none: "no path", label: (map, strength) => `${map}: ${strength}`,
  dead: " Every path passes a ReLU whose number is 0: nothing has a gradient.",
  says: (at, rows, field, touched, share, strong) =>
    `Output (${at}) of ${rows}×${rows} can depend on ${field}×${field} places of the image; ${touched} of them lie inside it and have a weight. ${share} % of the influence lies on ${strong}.`,
  at: (i, j, value) => `The image's row ${i}, column ${j}: weight ${value}.`,
  table: "The weights of the image's pixels as numbers",
  stand: "One map stands for all channels. Warm is a gradient above 0, cool below.",
  widePadding: (place, half) => `Layer ${place}: the padding of a pooling is at most half its window, ${half}.`,
  noFit: (place, formula, out) => `Layer ${place} does not fit: its output would have ${formula} = ${out} rows.`,
  tooLarge: (place, formula, out, most) => `Layer ${place} would have ${formula} = ${out} rows; this page draws at most ${most}.`,
  otherSize: (place, rows, other, from) => `Layer ${place} joins ${rows}×${rows} with ${other}×${other} of ${node(from)}: the sizes must agree.`,
  otherChannels: (place, other, from, own) => `Layer ${place} adds ${other} channels of ${node(from)} to ${own}: the numbers must agree.`,
};
