// Python itself.  It reads its files from the folder of this script, and asks nobody else for anything.

const MEMORY = 512 * 2 ** 20; // bytes that Python may use

// WebAssembly asks for more memory through this function; refused, Python raises a MemoryError.
const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * 65536 > MEMORY) throw new RangeError("no more memory in the page");
  return grow.call(this, pages);
};

// What comes is counted, so that a page can say how much is still to come.
const EXPECTED = 13_000_000; // bytes, about
let arrived = 0;
const fetchPlainly = self.fetch.bind(self);
self.fetch = async (...request) => {
  const answer = await fetchPlainly(...request);
  if (!answer.body || !answer.ok) return answer;
  const counted = answer.body.pipeThrough(new TransformStream({
    transform(chunk, next) {
      arrived += chunk.byteLength;
      postMessage({ kind: "progress", share: Math.min(99, Math.round((100 * arrived) / EXPECTED)) });
      next.enqueue(chunk);
    },
  }));
  return new Response(counted, { headers: answer.headers, status: answer.status });
};

async function load() {
  const { loadPyodide } = await import("./pyodide/pyodide.mjs");
  const files = fetch(new URL("python.json", import.meta.url)).then((answer) => answer.json());
  const python = await loadPyodide({ indexURL: new URL("pyodide/", import.meta.url).href });
  for (const [place, text] of Object.entries(await files)) {
    const path = `/book/${place}`;
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    python.FS.writeFile(path, text);
  }
  python.runPython('import sys; sys.path.insert(0, "/book"); import json, page');
  return python;
}

const loaded = load();
loaded.then(() => postMessage({ kind: "ready" }), (error) => postMessage({ kind: "failed", error: String(error) }));

onmessage = async ({ data: { id, code, checks } }) => {
  const python = await loaded;
  const emit = (text) => postMessage({ id, kind: "printed", text });
  try {
    const names = python.toPy({ code, checks });
    names.set("emit", emit);
    const result = python.runPython("json.dumps(page.run(code, checks, emit))", { globals: withModules(python, names) });
    postMessage({ id, kind: "done", result });
  } catch (error) {
    postMessage({ id, kind: "broken", error: String(error) });
  }
};

function withModules(python, names) {
  for (const name of ["json", "page"]) names.set(name, python.globals.get(name));
  return names;
}
