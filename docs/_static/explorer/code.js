// A layer as PyTorch prints or writes it, `nn.Conv2d(1, 3, kernel_size=3, padding=1)`, as settings of the explorer.

import { PADDING_MODES } from "./arithmetic.js";
import { FARTHEST, LARGEST, MOST_FILTERS } from "./state.js";
import { words } from "./words.js";

const CONV = ["in_channels", "out_channels", "kernel_size", "stride", "padding"];
const LAYERS = {
  Conv2d: [...CONV, "dilation", "groups", "bias", "padding_mode"],
  ConvTranspose2d: [...CONV, "output_padding", "groups", "bias", "dilation", "padding_mode"],
  MaxPool2d: ["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"],
  AvgPool2d: ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"],
};
for (const name of Object.keys(LAYERS)) LAYERS[name.replace("2d", "1d")] = LAYERS[name];
const CALL = new RegExp(`\\b(${Object.keys(LAYERS).join("|")})\\s*\\(`);

/** Whether a text holds a layer. */
export const isCode = (text) => CALL.test(text);

/** The arguments of a call, from its opening bracket on, as texts; commas inside brackets separate nothing. */
function argumentsOf(text) {
  const found = [""];
  let depth = 0;
  for (const sign of text) {
    if (sign === ")" && depth === 0) return found.map((part) => part.trim()).filter(Boolean);
    depth += "([".includes(sign) ? 1 : ")]".includes(sign) ? -1 : 0;
    if (sign === "," && depth === 0) found.push("");
    else found[found.length - 1] += sign;
  }
  throw new Error(words.unclosed);
}

function valueOf(text) {
  if (text === "True" || text === "False") return text === "True";
  if (/^["'][a-z]+["']$/.test(text)) return text.slice(1, -1);
  const numbers = text.replace(/^[([]|[)\]]$/g, "").split(",").map((part) => part.trim()).filter(Boolean).map(Number);
  if (numbers.length < 1 || numbers.length > 2 || !numbers.every(Number.isInteger)) throw new Error(words.noWhole(text.slice(0, 30)));
  return numbers.length === 2 || /^[([]/.test(text) ? [numbers[0], numbers[1] ?? numbers[0]] : numbers[0];
}

/** The settings that a layer's code asks for, and what the page can't show of it in a sentence; throws where it is no such code. */
export function readCode(text) {
  const call = CALL.exec(text);
  if (!call) throw new Error(words.noLayer);
  const [name, names] = [call[1], LAYERS[call[1]]];
  const given = {};
  argumentsOf(text.slice(call.index + call[0].length)).forEach((part, place) => {
    const keyword = /^([a-z_]+)\s*=\s*(.*)$/s.exec(part);
    const key = keyword ? keyword[1] : names[place];
    if (["device", "dtype"].includes(key)) return;
    if (!names.includes(key)) throw new Error(words.noArgument(name, key, place + 1));
    given[key] = valueOf(keyword ? keyword[2] : part);
  });
  const required = names.includes("in_channels") ? names.slice(0, 3) : names.slice(0, 1);
  for (const key of required) if (given[key] === undefined) throw new Error(words.needs(name, key));
  const line = name.endsWith("1d");
  const pair = (value) => (line ? [0, [value].flat()[0]] : [value, value].flat().slice(0, 2));
  const two = (key, usual) => {
    const both = Array.isArray(given[key]) ? given[key] : [given[key] ?? usual, given[key] ?? usual];
    if (!both.every((n) => Number.isInteger(n) && Math.abs(n) <= FARTHEST)) throw new Error(words.noWholeUpTo(key, FARTHEST));
    return line ? [usual, both[0]] : both;
  };
  const kernel = two("kernel_size", 1);
  if (Math.min(...kernel) < 1 || Math.max(...kernel) > LARGEST) throw new Error(words.kernelUpTo(LARGEST));
  const dilation = two("dilation", 1);
  const padding = given.padding === "same" ? dilation.map((d, a) => [Math.floor((d * (kernel[a] - 1)) / 2), Math.ceil((d * (kernel[a] - 1)) / 2)])
    : given.padding === "valid" ? pair(0).map(() => [0, 0]) : two("padding", 0).map((p) => [p, p]);
  const stride = given.stride === undefined && name.includes("Pool") ? [...kernel] : two("stride", 1);
  const shared = { stride, padding, dilation, outputPadding: two("output_padding", 0), size: kernel, line };
  if (name.includes("Pool")) {
    return { ...shared, op: name.startsWith("Max") ? "max" : "average", ceilMode: given.ceil_mode === true, countIncludePad: given.count_include_pad !== false, note: "" };
  }
  const [inside, outside, groups] = [given.in_channels, given.out_channels, given.groups ?? 1];
  if (![inside, outside, groups].every((n) => Number.isInteger(n) && n > 0)) throw new Error(words.wholeFromOne);
  if (inside % groups || outside % groups) throw new Error(words.uneven(groups, inside, outside));
  const channels = Math.min(3, inside);
  const shownGroups = groups === inside ? channels : channels % groups ? 1 : groups;
  const filters = Math.min(MOST_FILTERS, outside / groups);
  const whole = channels === inside && shownGroups === groups && filters === outside / groups;
  const mode = given.padding_mode ?? "zeros";
  if (!PADDING_MODES.includes(mode)) throw new Error(words.modeIsOneOf(PADDING_MODES.join(", ")));
  return {
    ...shared, op: name.startsWith("ConvTranspose") ? "transpose" : "correlate", channels, groups: shownGroups, filters, paddingMode: [mode, mode],
    biased: given.bias !== false, relu: /\bReLU\b/.test(text),
    note: whole ? "" : words.notWhole(MOST_FILTERS, channels, shownGroups * filters, inside, outside),
  };
}
