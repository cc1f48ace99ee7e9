// Read convbook's test vectors, and run a kernel on them: nested arrays of numbers, no package.

/** Return the cases of vectors.json; each tensor becomes nested arrays, everything else stays as it is. */
export function readVectors(text) {
  const found = JSON.parse(text);
  if (found.format !== "convbook-vectors" || found.version !== 1) {
    throw new Error("not in version 1 of the format convbook-vectors");
  }
  for (const one of found.cases) {
    for (const part of [one.arguments, one.options, one]) {
      for (const [name, value] of Object.entries(part)) {
        if (value && value.shape && value.numbers) part[name] = nested(value.shape, value.numbers);
      }
    }
  }
  return found.cases;
}

/** Fold a flat array into nested arrays, the last axis innermost. */
function nested(shape, numbers) {
  if (shape.length === 1) return numbers;
  const step = shape[0] ? numbers.length / shape[0] : 0;
  return Array.from({ length: shape[0] }, (_, i) => nested(shape.slice(1), numbers.slice(i * step, (i + 1) * step)));
}

/** Return the identifiers of the cases that a kernel gets wrong, called as kernel(arguments, options). */
export function wrong(cases, operation, kernel) {
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  return cases.filter((one) => one.operation === operation).filter((one) => {
    const expected = "indices" in one ? [one.output, one.indices] : one.output;
    try {
      return !same(kernel(one.arguments, one.options), expected);
    } catch {
      return expected !== undefined;
    }
  }).map((one) => one.id);
}
