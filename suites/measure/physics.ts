/** No run is faster than its machine: what a median below the measured ceilings means. */
import type { Ceilings } from "../../impls/engines/engine.js";
import { amount } from "../budget/amount.js";
import type { Case } from "../plan/case.js";
import type { EnginePool } from "../processes/engine-pool.js";
import { summarise } from "./measure.js";
import type { Outcome } from "./rows.js";

/**
 * Ceilings are measured too, and a chosen margin allows for it. Two default runs on an idle two-core EPYC had at most 0.82 of them in 130
 * rows of wasm, 0.54 in 74 of cpu, 0.41 in 64 of tfjs and 0.59 in 62 of torch; one row of cpu beside a loaded machine had 1.85, which is
 * why ceilings are measured again before a rejection. There the suite `threads` on the quick grid had at most 0.79 in 23 rows of one
 * thread (58 GFLOP/s) and 0.71 in 23 rows of two (115 GFLOP/s); tfjs 0.26 in 12 rows on wasm and 0.27 in 12 on its plain backend, whose
 * ceiling is 1 GFLOP/s. Rows of GPUs have not been looked at.
 */
const SPREAD = 1.5;
/** Looks at the ceilings before a row is called impossible: a busy machine may show them too low. */
const LOOKS = 4;

/** Least time of a run and what takes it. */
interface Least {
  readonly seconds: number;
  readonly what: string;
}

/**
 * What a case's least work takes at these ceilings. Bytes count at the rate of the nearest cache: a small problem may live there, and a
 * kernel may keep what it reads.
 */
export function leastTime(
  cost: { readonly flops: number; readonly bytes: number },
  dtype: string,
  { flopsPerS, cachedBytesPerS }: Ceilings,
): Least | undefined {
  const peak = flopsPerS?.[dtype as "f32"];
  const bounds: Least[] = [];
  if (peak) bounds.push({ seconds: cost.flops / peak, what: `its operations at ${giga(peak)} GFLOP/s` });
  if (cachedBytesPerS)
    bounds.push({
      seconds: cost.bytes / cachedBytesPerS,
      what: `its inputs and outputs at ${giga(cachedBytesPerS)} GB/s`,
    });
  return bounds.sort((a, b) => b.seconds - a.seconds)[0];
}

/** The outcome, or why it cannot be; with the ceilings of the row. */
export async function withinPhysics(
  pool: Pick<EnginePool, "ceilings" | "ceilingsAgain">,
  { target, options, operator, problem }: Pick<Case, "target" | "options" | "operator" | "problem">,
  outcome: Outcome,
): Promise<{ readonly outcome: Outcome; readonly ceilings: Ceilings }> {
  const threads = options.threads ?? 1;
  let ceilings = await pool.ceilings(target, threads);
  if (outcome.status !== "measured") return { outcome, ceilings };
  const cost = operator.cost(problem);
  const { medianNs } = summarise(outcome.samples);
  for (let look = 0; ; look++) {
    const least = leastTime(cost, problem.dtype, ceilings);
    if (!least || medianNs * SPREAD >= least.seconds * 1e9) return { outcome, ceilings };
    if (look === LOOKS) {
      const { lanes, errorU, boundU } = outcome;
      const many = threads === 1 ? "1 thread" : `${threads} threads`;
      const reason =
        `faster than this machine can be: ${amount(medianNs, "ns")} a run, while ${least.what}, ` +
        `which is what ${many} reach here, take ${amount(least.seconds * 1e9, "ns")}`;
      return { outcome: { status: "rejected", reason, lanes, errorU, boundU }, ceilings };
    }
    ceilings = await pool.ceilingsAgain(target, threads);
  }
}

function giga(perS: number): string {
  return (perS / 1e9).toPrecision(3);
}
