/** A host without processes or files: the parent's code against the engine's code, in one process, on any clock. */
import type { Engine } from "../../../impls/engines/engine.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { operatorNamed } from "../../../impls/index.js";
import type { LaneReference } from "../../../impls/operator.js";
import { CallFailed, type EngineLink, type Host } from "../../../suites/processes/host.js";
import type { CallName, Calls } from "../../../suites/processes/protocol.js";
import { Session } from "../../../suites/processes/session.js";

export interface InProcess {
  readonly engine: Engine<unknown>;
  readonly implementations: readonly AnyImplementation[];
  nowMs(): number;
}

export function inProcessHost(parts: InProcess): Host {
  const references = new Map<string, LaneReference[]>();
  return {
    start: () => link(parts, references),
    memoryBytes: 2 ** 30,
    nowMs: parts.nowMs,
    async reference(problem, lanes) {
      const file = JSON.stringify([problem.operator, problem.dims, problem.seed, lanes.length]);
      if (!references.has(file))
        references.set(file, [...operatorNamed(problem.operator).reference(problem, lanes)]);
      return { file, lanes };
    },
    forget: () => {},
    close: async () => {},
  };
}

function link(parts: InProcess, references: Map<string, LaneReference[]>): EngineLink {
  const session = new Session({
    implementations: async () => parts.implementations,
    openEngine: async () => parts.engine,
    readReference: ({ file }) => references.get(file)!,
    writeReference: () => {},
    liveBytes: () => 0,
    residentBytes: () => 0,
    nowMs: parts.nowMs,
  });
  let alive = true;
  return {
    get alive() {
      return alive;
    },
    async call<K extends CallName>(call: K, body: Calls[K][0]) {
      try {
        return await session.answer(call, body);
      } catch (error) {
        throw new CallFailed(error instanceof Error ? error.message : String(error));
      }
    },
    async stop() {
      alive = false;
      await session.close();
    },
  };
}
