/**
 * The runner's host in a page: one engine after the other in the page itself. A page has no process to lose, so a kernel that hangs
 * holds the page; everything else is as on Node.
 */
import type { Engine } from "../../impls/engines/engine.js";
import { engines } from "../../impls/engines/index.js";
import { implementations, operatorNamed } from "../../impls/index.js";
import type { LaneReference } from "../../impls/operator.js";
import { CallFailed, EngineDied, type EngineLink, type Host } from "./host.js";
import { oneLine } from "./one-line.js";
import type { CallName, Calls } from "./protocol.js";
import { Session } from "./session.js";

/** A tab may hold a few GiB; what it may really use, no browser tells. */
const MEMORY_BYTES = 2 * 2 ** 30;

const nowMs = () => performance.timeOrigin + performance.now();

export function browserHost(options: { readonly memoryBytes?: number } = {}): Host {
  const references = new Map<string, readonly LaneReference[]>();
  const links = new Set<PageLink>();
  let made = 0;
  return {
    start() {
      const link = new PageLink(references);
      links.add(link);
      return link;
    },
    memoryBytes: options.memoryBytes ?? MEMORY_BYTES,
    nowMs,
    async reference(problem, lanes) {
      const file = `reference ${made++}`;
      references.set(file, [...operatorNamed(problem.operator).reference(problem, lanes)]);
      return { file, lanes };
    },
    forget: ({ file }) => void references.delete(file),
    async close() {
      for (const link of links) await link.stop();
    },
  };
}

class PageLink implements EngineLink {
  private readonly session: Session;
  private stopped = false;

  constructor(references: ReadonlyMap<string, readonly LaneReference[]>) {
    this.session = new Session({
      implementations: async () => implementations,
      engines: async () => engines,
      async openEngine({ engine, device, named }) {
        const module = await engines.find(({ name }) => name === engine)!.load();
        return module.open(device, { named }) as Promise<Engine<unknown>>;
      },
      readReference({ file }) {
        const found = references.get(file);
        if (!found) throw new Error(`${file} is gone; it was forgotten too early`);
        return found;
      },
      writeReference() {
        throw new Error("a page computes references itself, not in a child");
      },
      // a page cannot collect its garbage nor count its memory
      liveBytes: () => 0,
      residentBytes: () => 0,
      nowMs,
    });
  }

  get alive(): boolean {
    return !this.stopped && !this.session.isLost;
  }

  async call<K extends CallName>(call: K, body: Calls[K][0]): Promise<Calls[K][1]> {
    if (this.stopped) throw new EngineDied("stopped");
    try {
      return await this.session.answer(call, body);
    } catch (error) {
      throw new CallFailed(oneLine(error));
    }
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await this.session.close();
  }
}
