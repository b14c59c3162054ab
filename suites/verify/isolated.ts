/** An engine in a process of its own: a crash, an abort or a hang of native code costs one case, and the next one starts it again. */
import type { EngineLink, Host } from "../runner/host.js";
import type { OpenRequest } from "../runner/protocol.js";
import type { Lacks, Place } from "./targets.js";

/** Opening may compile kernels or start another runtime. */
const OPEN_MS = 180_000;
/** Problems here are small: whatever takes this long hangs. */
const EVALUATE_MS = 60_000;
/** An engine that dies this often in a row is not started again. */
const MOST_DEATHS = 5;

/** @throws with one sentence when this machine lacks the engine or the device */
export async function isolatedPlace(host: Host, request: OpenRequest): Promise<Place> {
  let link: EngineLink | undefined;
  let deaths = 0;
  let key: string | undefined;
  let lacks: Lacks = {};

  async function alive(): Promise<EngineLink> {
    if (link?.alive) return link;
    if (deaths >= MOST_DEATHS)
      throw new Error(`its process died ${deaths} times in a row; not started again`);
    link = host.start();
    const opened = await link.call("open", request, OPEN_MS);
    if (!opened.present) {
      await link.stop();
      throw new Error(opened.reason);
    }
    key = opened.device.key;
    lacks = opened.lacks;
    return link;
  }

  async function guarded<T>(work: (link: EngineLink) => Promise<T>): Promise<T> {
    const engine = await alive();
    try {
      const result = await work(engine);
      deaths = 0;
      return result;
    } catch (error) {
      if (!engine.alive) deaths++;
      throw error;
    }
  }

  await alive();
  return {
    engine: request.engine,
    device: key,
    lacks,
    options: ({ index }, problem) =>
      guarded((engine) => engine.call("choices", { impl: index, problem }, EVALUATE_MS)),
    evaluate: ({ index }, problem, options) =>
      guarded((engine) => engine.call("evaluate", { impl: index, problem, options }, EVALUATE_MS)),
    close: async () => link?.stop(),
  };
}
