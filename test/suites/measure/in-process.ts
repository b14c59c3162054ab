/** A host without processes or files: the parent's code against the engine's code, in one process, on any clock. */
import type { Engine } from "../../../impls/engines/engine.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { operatorNamed } from "../../../impls/index.js";
import type { LaneReference, Problem } from "../../../impls/operator.js";
import type { Row } from "../../../reports/rows/row.js";
import { run } from "../../../suites/measure/run.js";
import { makePlan } from "../../../suites/plan/plan.js";
import { EnginePool } from "../../../suites/processes/engine-pool.js";
import { CallFailed, type EngineLink, type Host } from "../../../suites/processes/host.js";
import type { CallName, Calls } from "../../../suites/processes/protocol.js";
import { Session, type SessionHost } from "../../../suites/processes/session.js";
import type { Grid } from "../../../suites/suite.js";

export interface InProcess {
  readonly engine: Engine<unknown>;
  readonly implementations: readonly AnyImplementation[];
  nowMs(): number;
  readonly meterOf?: SessionHost["meterOf"];
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
    engines: async () => [],
    openEngine: async () => parts.engine,
    readReference: ({ file }) => references.get(file)!,
    writeReference: () => {},
    liveBytes: () => 0,
    residentBytes: () => 0,
    nowMs: parts.nowMs,
    ...(parts.meterOf ? { meterOf: parts.meterOf } : {}),
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

/** Rows of one problem, measured by the whole runner on a real engine; its ceilings are not measured, they take seconds. */
export async function measuredRows(
  engine: Engine<unknown>,
  implementations: readonly AnyImplementation[],
  problem: Problem,
  { grid = "quick", meterOf }: { readonly grid?: Grid; readonly meterOf?: SessionHost["meterOf"] } = {},
): Promise<Row[]> {
  const nowMs = () => performance.now();
  const host = inProcessHost({
    // so high that no device passes them
    engine: { ...engine, ceilings: async () => ({ bytesPerS: 1e12, flopsPerS: { f32: 1e14 } }) },
    implementations,
    nowMs,
    ...(meterOf ? { meterOf } : {}),
  });
  const pool = new EnginePool(host, [], nowMs());
  const [{ operator, engine: name }] = implementations;
  const { targets } = await pool.discover([{ engine: name, device: engine.device.key, named: true }]);
  const groups = await makePlan({
    suites: [{ name: "one", question: "", curves: () => [{ operator, problems: [problem] }] }],
    grid,
    seed: 0,
    impls: implementations,
    targets,
    describe: async (target, questions) =>
      (await pool.link(target)).link.call("describe", { questions }, 1e3),
  });
  const rows: Row[] = [];
  await run(groups, {
    grid,
    seed: 0,
    host,
    pool,
    targets,
    facts: { seed: 0, commit: "test", cpu: "the machine's CPU", repeat: () => "", timeUtc: () => "now" },
    emit: (records) => rows.push(...records.map(({ row }) => row)),
  });
  return rows;
}
