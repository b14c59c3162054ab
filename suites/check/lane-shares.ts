/** A reference shared among processes: its lanes are independent of each other. */
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { operatorNamed } from "../../impls/index.js";
import type { Lane, Problem } from "../../impls/operator.js";
import { appendFiles } from "./lane-file.js";

/** Elementary reference steps that are worth a process: about a quarter of a second. */
const WORTH_STEPS = 5e6;

/** @param cores of the machine; two references are computed beside each other, one of each set of inputs */
export function processesFor(problem: Problem, lanes: number, cores = availableParallelism()): number {
  const steps = operatorNamed(problem.operator).laneCost(problem) * lanes;
  return Math.max(1, Math.min(Math.floor(cores / 2), lanes, Math.ceil(steps / WORTH_STEPS)));
}

/** Items in turn, so that neighbours, which cost alike, go to different shares. */
export function shares<T>(items: readonly T[], count: number): T[][] {
  return Array.from({ length: count }, (_, share) => items.filter((_, i) => i % count === share));
}

/**
 * @param file names a new one
 * @param compute writes some lanes into a file
 * @returns the file that holds them all; throws what the first share threw, when all have ended
 */
export async function inShares(
  problem: Problem,
  lanes: readonly Lane[],
  file: () => string,
  compute: (lanes: readonly Lane[], file: string) => Promise<void>,
  count = processesFor(problem, lanes.length),
): Promise<string> {
  const parts = shares(lanes, count).map((part) => ({ part, to: file() }));
  const done = await Promise.allSettled(parts.map(({ part, to }) => compute(part, to)));
  const [first, ...others] = parts.map(({ to }) => to);
  try {
    for (const one of done) if (one.status === "rejected") throw one.reason;
    await appendFiles(first, others);
  } finally {
    for (const other of others) rmSync(other, { force: true });
  }
  return first;
}
