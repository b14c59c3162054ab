/**
 * An implementation whose cost is known: it ends 1 ms of the host's clock after it began, with the right outputs: they are computed
 * when the inputs change, which no kernel but this one is told. What the harness
 * reports beyond 1 ms is the harness's own. Exported twice, so that their ratio shows what the order within a round does.
 * Run: node --import tsx scripts/tools/overhead.ts
 */
import { hostRounding } from "../../../impls/bound.js";
import { implementation } from "../../../impls/implementation.js";
import { rewriteInputs } from "../../../impls/prepared.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { recurrentCpu } from "../../../impls/ssd/recurrent.cpu.js";

/** What a run costs, ns. */
export const COST_NS = 1e6;

/** A known cost on the cpu engine, told apart by its make. */
function oneMillisecond(make: string) {
  return implementation(ssd, "cpu", {
    form: "recurrent",
    source: "suites/calibration: the cpu engine's recurrence, kept and given again after 1 ms",
    options: () => [{ make }],
    rounding: () => hostRounding(0, 1),
    async prepare(engine, problem) {
      const real = await recurrentCpu.prepare(engine, problem, {});
      await real.run();
      const kept = await real.read();
      const outputs = engine.outputs(ssd, problem);
      const prepared = engine.prepared(ssd, problem, outputs, () => {
        const end = performance.now() + COST_NS / 1e6;
        outputs.Y.set(kept.Y);
        outputs.finalState.set(kept.finalState);
        while (performance.now() < end);
      });
      return {
        ...prepared,
        async [rewriteInputs](next) {
          await real[rewriteInputs]!(next);
          await real.run();
        },
      };
    },
  });
}

export default [oneMillisecond("one-millisecond"), oneMillisecond("one-millisecond-again")];
