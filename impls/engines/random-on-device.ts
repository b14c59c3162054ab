/** A distribution as the device code of the random functions knows it. */
import type { Distribution, RandomTensor } from "../tensor.js";

/** Their places are the cases of random.wgsl and random.cu. */
export const DISTRIBUTIONS: readonly Distribution[] = [
  "coherent",
  "signed8",
  "timeStep",
  "logDecay",
  "channelDecay",
  "longKernel",
  "signed",
  "weight",
  "stepBias",
  "logIndex",
];

/** @throws where the device code has no such distribution */
export function caseOf({ distribution }: RandomTensor): number {
  const found = DISTRIBUTIONS.indexOf(distribution);
  if (found < 0) throw new Error(`no device code makes the distribution ${distribution}`);
  return found;
}
