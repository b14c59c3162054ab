/** An engine in a process of its own: a crash, an abort or a hang of native code costs one case, and the next one starts it again. */

import type { EngineTraits } from "../../impls/engines/index.js";
import type { Problem } from "../../impls/operator.js";
import { type Options, Unsupported } from "../../impls/prepared.js";
import { EngineDied, type EngineLink, type Host } from "../processes/host.js";
import type { Lacking, OpenRequest } from "../processes/protocol.js";
import { Hung, type Lacks, type Place } from "./targets.js";

/** Opening may compile kernels or start another runtime. */
const OPEN_MS = 180_000;
/** Problems here are small: whatever takes this long hangs. With a new process for the others it stays below 45 s. */
const EVALUATE_MS = 40_000;
/** An engine that dies this often in a row is not started again. */
const MOST_DEATHS = 5;

/**
 * @param deadlineMs for one problem, where somebody chose it: whoever takes longer is still asked problems of other shapes
 * @throws with one sentence when this machine lacks the engine or the device
 */
export async function isolatedPlace(
  host: Host,
  request: OpenRequest,
  traits?: EngineTraits,
  deadlineMs?: number,
): Promise<Place> {
  let link: EngineLink | undefined;
  /** Several may ask for it while it starts. */
  let starting: Promise<EngineLink> | undefined;
  let deaths = 0;
  let key: string | undefined;
  let warning: string | undefined;
  let lacks: Lacks = {};
  let lacking: readonly Lacking[] = [];
  const evaluateMs = deadlineMs ?? EVALUATE_MS;
  /** Who gave no answer in time: each costs its deadline once. */
  const hung = new Map<string, string>();
  const keyOf = (index: number, problem: Problem, options: Options = {}) =>
    deadlineMs === undefined ? String(index) : JSON.stringify([index, shapeKey(problem), options]);

  async function alive(): Promise<EngineLink> {
    if (!starting && link?.alive) return link;
    starting ??= started().finally(() => {
      starting = undefined;
    });
    return starting;
  }

  async function started(): Promise<EngineLink> {
    if (deaths >= MOST_DEATHS)
      throw new Error(`its process died ${deaths} times in a row; not started again`);
    link = host.start();
    const opened = await link.call("open", request, OPEN_MS);
    if (!opened.present) {
      await link.stop();
      throw new Error(opened.reason);
    }
    key = opened.device.key;
    warning = opened.device.warning;
    lacks = opened.lacks;
    lacking = opened.lacking;
    return link;
  }

  async function guarded<T>(key: string, work: (link: EngineLink) => Promise<T>): Promise<T> {
    const before = hung.get(key);
    if (before !== undefined) throw new Hung(before, true);
    const engine = await alive();
    try {
      const result = await work(engine);
      deaths = 0;
      return result;
    } catch (error) {
      if (!engine.alive) deaths++;
      if (!(error instanceof EngineDied && error.hung)) throw error;
      hung.set(key, error.message);
      throw new Hung(error.message, false);
    }
  }

  await alive();
  return {
    engine: request.engine,
    traits,
    device: key,
    warning,
    lacks,
    lacking,
    options: ({ index }, problem) =>
      guarded(keyOf(index, problem), (engine) =>
        engine.call("choices", { impl: index, problem }, evaluateMs),
      ),
    async evaluate({ index }, problem, options) {
      const body = { impl: index, problem, options };
      const found = await guarded(keyOf(index, problem, options), (engine) =>
        engine.call("evaluate", body, evaluateMs),
      );
      if ("unsupported" in found) throw new Unsupported(found.unsupported);
      return found;
    },
    close: async () => link?.stop(),
  };
}

/** What a compiler sees of a problem. */
function shapeKey({ operator, dtype, dims, inputs, settings }: Problem): unknown {
  return [operator, dtype, dims, Object.keys(inputs).sort(), settings];
}
