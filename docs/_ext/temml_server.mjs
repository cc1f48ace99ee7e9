// Started with the folder of Temml and the macros.  One request a line on stdin, {tex, display}; one answer a line on stdout, {mathml} or {error}.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { join } from "node:path";

const [, , folder, macros] = process.argv;
const temml = createRequire(join(folder, "package.json"))("temml");

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display } = JSON.parse(line);
  let answer;
  try {
    const mathml = temml.renderToString(tex, {
      displayMode: display, macros: JSON.parse(macros), throwOnError: true, strict: false, trust: false, annotate: false,
    });
    answer = { mathml };
  } catch (error) {
    answer = { error: String(error.message) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
