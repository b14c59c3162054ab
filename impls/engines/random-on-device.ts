/** What device code of the random functions is told of a tensor: keys, and its distribution as a number. */
import { type StreamKeys, streamKeys } from "../random.js";
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
];

/** @throws where the device code has no such distribution */
export function streamOf({ seed, name, distribution }: RandomTensor): StreamKeys & { readonly kind: number } {
  const kind = DISTRIBUTIONS.indexOf(distribution);
  if (kind < 0) throw new Error(`no device code makes the distribution ${distribution}`);
  // a log decay is made of the time step at its place
  return { ...streamKeys(seed, distribution === "logDecay" ? "dt" : name), kind };
}
