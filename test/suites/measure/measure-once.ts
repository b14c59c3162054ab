/** One problem through the whole of the runner's measuring, in-process. */
import type { AnyImplementation } from "../../../impls/implementation.js";
import { BUDGETS } from "../../../suites/budget/budget.js";
import { chooseLanes } from "../../../suites/check/lanes.js";
import { GroupMeasurement } from "../../../suites/measure/group.js";
import type { Outcome } from "../../../suites/measure/rows.js";
import { makePlan } from "../../../suites/plan/plan.js";
import { EnginePool } from "../../../suites/processes/engine-pool.js";
import type { Host } from "../../../suites/processes/host.js";
import { inProcessHost } from "./in-process.js";
import { type SimulatedClock, syntheticEngine, tiny } from "./synthetic.js";

export async function measureOnce(
  clock: SimulatedClock,
  implementations: readonly AnyImplementation[],
  seed: number,
  through: (host: Host) => Host = (host) => host,
): Promise<Map<string, Outcome>> {
  const host = through(inProcessHost({ engine: syntheticEngine(clock), implementations, nowMs: clock.now }));
  const pool = new EnginePool(host, [], clock.ms);
  const { targets } = await pool.discover([{ engine: "cpu", device: undefined, named: false }]);
  const operator = implementations[0].operator;
  const suite = { name: "synthetic", question: "", curves: () => [{ operator, problems: [tiny] }] };
  const [group] = await makePlan({
    suites: [suite],
    grid: "quick",
    seed,
    impls: implementations,
    targets,
    describe: async (target, questions) =>
      (await pool.link(target)).link.call("describe", { questions }, 1e3),
  });
  const lanes = chooseLanes(operator, tiny);
  const measurement = new GroupMeasurement({
    host,
    pool,
    lanes,
    reference: await host.reference(tiny, lanes.lanes, 1e3),
    // its clock is simulated and its answer kept: inputs stay
    second: undefined,
    budget: BUDGETS.quick,
    seed,
    orderOf: String(seed),
    sampleNs: BUDGETS.quick.sampleNs,
    predictedNs: () => undefined,
    check: () => {},
  });
  await measurement.measure(group.cases);
  return new Map([...measurement.outcomes].map(([one, outcome]) => [String(one.options.make), outcome]));
}
