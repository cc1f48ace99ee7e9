// Python in a worker: started at the first run, stopped when a run lasts too long, started anew after that.

import { words } from "./words.js";

export const LIMIT = 10; // seconds

let worker = null;
let ready = null;
let turn = 0;
let end = () => {};

/** Start Python unless it runs; `progress` hears the share of the files that has come. */
function start(progress) {
  if (ready) return ready;
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  ready = new Promise((resolve, reject) => {
    worker.onerror = (event) => { event.preventDefault?.(); halt(); reject(new Error(words.notLoaded)); };
    worker.onmessage = ({ data }) => {
      if (data.kind === "progress") progress(data.share);
      if (data.kind === "ready") resolve(worker);
      if (data.kind === "failed") { halt(); reject(new Error(words.notLoaded)); }
    };
  });
  return ready;
}

function halt() {
  worker?.terminate();
  worker = ready = null;
}

/** End what runs. */
export function stop() {
  end({ ended: words.stoppedByReader });
}

/** Run code and check names; returns what Python found, or `{ ended }` with a sentence where it was ended. */
export async function run(code, checks, { progress, started, printed }) {
  end({ ended: words.stoppedByReader });
  const mine = await start(progress);
  const id = ++turn;
  started();
  return new Promise((resolve) => {
    const timer = setTimeout(() => end({ ended: words.stopped(LIMIT) }), LIMIT * 1000);
    end = (result) => {
      clearTimeout(timer);
      end = () => {};
      halt();
      resolve(result);
    };
    mine.onerror = (event) => { event.preventDefault?.(); end({ ended: words.broken }); };
    mine.onmessage = ({ data }) => {
      if (data.id !== id) return;
      if (data.kind === "printed") printed(data.text);
      if (data.kind === "broken") end({ ended: words.broken });
      if (data.kind === "done") {
        clearTimeout(timer);
        end = () => {};
        resolve(JSON.parse(data.result));
      }
    };
    mine.postMessage({ id, code, checks });
  });
}
