/** `--dry-run`: what would run, with the least time that the measured ceilings allow and the memory that its sizes need. */
import type { Ceilings } from "../../../impls/engines/engine.js";
import { planId } from "../../../reports/rows/case-id.js";
import { amount } from "../../../suites/budget/amount.js";
import { largestTensorBytes, problemBytes } from "../../../suites/budget/predict.js";
import type { Case, Group } from "../../../suites/plan/case.js";

interface Line {
  readonly suite: string;
  readonly id: string;
  readonly predictedNs: number | null;
  readonly predictedBytes: number;
  /** Work and memory traffic of the form where it counts them, else the least that the operator needs. */
  readonly flops: number;
  readonly bytes: number;
  readonly dispatches: number | null;
  /** Of all inputs and outputs, in their storage type: what one binding of a GPU would have to hold, were it not cut. */
  readonly largestTensorBytes: number;
  readonly unsupported?: string;
}

export function dryRun(groups: readonly Group[], ceilings: readonly Ceilings[], json: boolean): void {
  const lines = groups.flatMap(({ cases }) =>
    cases.flatMap((planned) => linesOf(planned, ceilings[planned.target])),
  );
  if (json) {
    process.stdout.write(`${JSON.stringify({ version: 1, dryRun: lines }, undefined, 2)}\n`);
    return;
  }
  for (const line of lines) process.stdout.write(`${planId(line.suite, line.id)}\t${words(line)}\n`);
  process.stdout.write(
    `${lines.length} cases; times are the least that the ceilings measured now allow, ` +
      "larger cases that do not fit the time will be skipped with a prediction from smaller ones\n",
  );
}

function words({ unsupported, predictedNs, predictedBytes, flops, bytes, dispatches }: Line): string {
  if (unsupported) return `skipped: ${unsupported}`;
  const time = predictedNs === null ? "time unknown" : `at least ${amount(predictedNs, "ns")} a run`;
  const traffic = `moves ${amount(bytes, "bytes")}, ${flops.toExponential(2)} flops`;
  const count = dispatches === null ? "" : `, ${dispatches} dispatch${dispatches === 1 ? "" : "es"}`;
  return `${time}, holds ${amount(predictedBytes, "bytes")}, ${traffic}${count}`;
}

function linesOf(planned: Case, { bytesPerS, flopsPerS }: Ceilings): Line[] {
  const { flops, bytes, dispatches = null } = { ...planned.operator.cost(planned.problem), ...planned.cost };
  const peak = flopsPerS?.[planned.problem.dtype as "f32"];
  const times = [...(peak ? [planned.work / peak] : []), ...(bytesPerS ? [bytes / bytesPerS] : [])];
  return planned.suites.map((suite) => ({
    suite,
    id: planned.id,
    predictedNs: times.length > 0 ? Math.max(...times) * 1e9 : null,
    predictedBytes: problemBytes(planned.operator, planned.problem),
    flops,
    bytes,
    dispatches,
    largestTensorBytes: largestTensorBytes(planned.operator, planned.problem),
    ...(planned.unsupported ? { unsupported: planned.unsupported } : {}),
  }));
}
