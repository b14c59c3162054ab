/** The process of one engine. Ignores Ctrl-C (its parent decides) and goes when its parent goes. */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { EngineCrashed } from "../../impls/engines/engine.js";
import { engines } from "../../impls/engines/index.js";
import { readLanes, writeLanes } from "../check/lane-file.js";
import { oneLine } from "./one-line.js";
import type { Reply, Request } from "./protocol.js";
import { Session } from "./session.js";
import { allEngines, allImplementations } from "./user-impls.js";

process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("disconnect", () => process.exit(0));

// A kernel that never returns would keep this process, and a core, when the parent is killed: a thread watches for that
new Worker(
  `const parent = process.ppid;
   const cell = new Int32Array(new SharedArrayBuffer(4));
   for (;;) {
     Atomics.wait(cell, 0, 0, 1000);
     if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
   }`,
  { eval: true, execArgv: [] },
).unref();

/** A module of another tree's impls/, of the same kind (source or built) as this one. */
async function fromTree<T>(tree: string, name: string): Promise<T> {
  const file = join(tree, "impls", `${name}${import.meta.url.slice(-3)}`);
  return (await import(pathToFileURL(file).href)) as T;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const session = new Session({
  async implementations(files, tree) {
    if (tree === undefined) return allImplementations(files);
    const { implementations } = await fromTree<typeof import("../../impls/index.js")>(tree, "index");
    return allImplementations(files, implementations);
  },
  async openEngine({ engine, device, named, files, tree }) {
    const own = { engines };
    const list = tree === undefined ? own : await fromTree<typeof own>(tree, "engines/index");
    const entry = (await allEngines(files, list.engines)).find(({ name }) => name === engine);
    if (!entry) throw new Error(`there is no engine ${engine} in ${tree}`);
    const module = await entry.load();
    return module.open(device, { named });
  },
  readReference: ({ file }) => readLanes(file),
  writeReference: writeLanes,
  liveBytes: () => {
    // array buffers are swept on another thread, which a busy machine may leave waiting: until nothing more goes
    let live = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5; i++) {
      collectGarbage();
      const { heapUsed, external } = process.memoryUsage();
      if (i > 1 && heapUsed + external >= live - 4096) return heapUsed + external;
      live = heapUsed + external;
    }
    return live;
  },
  residentBytes: () => process.memoryUsage.rss(),
  nowMs: () => performance.timeOrigin + performance.now(),
});

process.on("message", async (request: Request) => {
  let reply: Reply;
  try {
    reply = { id: request.id, ok: true, value: await session.answer(request.call, request.body) };
  } catch (error) {
    // what the engine had prepared is gone with its device: the parent starts a new child and prepares the survivors there
    if (error instanceof EngineCrashed) {
      process.stderr.write(`Error: ${oneLine(error)}\n`, () => process.exit(1));
      return;
    }
    reply = { id: request.id, ok: false, message: oneLine(error), isLost: session.isLost };
  }
  process.send?.(reply);
});
