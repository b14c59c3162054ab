/** `--dry-run`: what would run, with the least time that the measured ceilings allow and the memory that its sizes need. */
import type { Ceilings } from "../../impls/engines/engine.js";
import { amount } from "../../suites/runner/amount.js";
import type { Case, Group } from "../../suites/runner/plan.js";
import { problemBytes } from "../../suites/runner/predict.js";

interface Line {
  readonly suite: string;
  readonly id: string;
  readonly predictedNs: number | null;
  readonly predictedBytes: number;
  readonly flops: number;
  readonly bytes: number;
  readonly unsupported?: string;
}

export function dryRun(groups: readonly Group[], ceilings: readonly Ceilings[], json: boolean): void {
  const lines = groups.flatMap(({ cases }) => cases.flatMap((one) => linesOf(one, ceilings[one.target])));
  if (json) {
    process.stdout.write(`${JSON.stringify({ version: 1, dryRun: lines }, undefined, 2)}\n`);
    return;
  }
  for (const { suite, id, predictedNs, predictedBytes, unsupported } of lines) {
    const time = predictedNs === null ? "time unknown" : `at least ${amount(predictedNs, "ns")} a run`;
    const what = unsupported ? `skipped: ${unsupported}` : `${time}, ${amount(predictedBytes, "bytes")}`;
    process.stdout.write(`${suite}\t${id}\t${what}\n`);
  }
  process.stdout.write(
    `${lines.length} cases; times are the least that the ceilings measured now allow, larger cases that do not fit the time will be skipped with a prediction from smaller ones\n`,
  );
}

function linesOf(one: Case, { bytesPerS, flopsPerS }: Ceilings): Line[] {
  const { flops, bytes } = one.operator.cost(one.problem);
  const peak = flopsPerS?.[one.problem.dtype as "f32"];
  const times = [...(peak ? [one.work / peak] : []), ...(bytesPerS ? [bytes / bytesPerS] : [])];
  return one.suites.map((suite) => ({
    suite,
    id: one.id,
    predictedNs: times.length > 0 ? Math.max(...times) * 1e9 : null,
    predictedBytes: problemBytes(one.operator, one.problem),
    flops,
    bytes,
    ...(one.unsupported ? { unsupported: one.unsupported } : {}),
  }));
}
