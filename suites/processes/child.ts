/** The process of one engine. Ignores Ctrl-C (its parent decides) and goes when its parent goes. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { EngineCrashed } from "../../impls/engines/engine.js";
import { readLanes, writeLanes } from "../check/lane-file.js";
import { meterOf } from "./meters/here.js";
import { thrownBy } from "./modules/thrown.js";
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

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const session = new Session({
  implementations: allImplementations,
  engines: allEngines,
  tell: thrownBy,
  async openEngine({ engine, device, named, files }) {
    const entry = (await allEngines(files)).find(({ name }) => name === engine);
    // a gate's base may be older than an engine
    if (!entry) throw new Error(`there is no engine ${engine} in this version of dualbench`);
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
      if (i > 0 && heapUsed + external >= live - 4096) return heapUsed + external;
      live = heapUsed + external;
    }
    return live;
  },
  residentBytes: () => process.memoryUsage.rss(),
  nowMs: () => performance.timeOrigin + performance.now(),
  meterOf,
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
    reply = failed(request, session.tell(error));
  }
  try {
    process.send?.(reply);
  } catch (error) {
    // a kernel answered with what cannot cross, e.g. options that hold a function
    process.send?.(failed(request, `its answer to ${request.call} is no plain data: ${oneLine(error)}`));
  }
});

function failed({ id }: Request, message: string): Reply {
  return { id, ok: false, message, isLost: session.isLost };
}
