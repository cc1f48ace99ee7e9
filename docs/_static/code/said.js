// What Python says to a reader, in the language of the page.  Python and the package speak English; verdicts.zh.json has the Chinese of
// each line.  A place in braces stands for anything; the place {axes} holds names of axes, which are translated too.  A line that the
// table does not have stays as it is, as do the errors of Python and of torch.

const chinese = document.documentElement.lang.startsWith("zh");
const table = chinese ? await fetch(new URL("verdicts.zh.json", import.meta.url)).then((answer) => answer.json(), () => null) : null;
const lines = table?.lines ?? {};
const words = Object.entries(table?.["words of axes"] ?? {});

const PLACE = /\{(\w+)\}/g;
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const templates = Object.entries(lines).filter(([line]) => line.includes("{")).map(([line, translation]) => [
  new RegExp(`^${line.split(PLACE).map((part, k) => (k % 2 ? `(?<${part}>.+?)` : escaped(part))).join("")}$`, "s"), translation,
]);

export function said(line) {
  if (Object.hasOwn(lines, line)) return lines[line];
  for (const [pattern, translation] of templates) {
    const places = pattern.exec(line)?.groups;
    if (!places) continue;
    const axes = words.reduce((text, [word, its]) => text.replaceAll(word, its), places.axes ?? "");
    return translation.replace(PLACE, (_, name) => (name === "axes" ? axes : places[name]));
  }
  return line;
}
