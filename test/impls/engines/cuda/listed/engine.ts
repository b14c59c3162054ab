/** What the engine itself runs: inputs, inspection, clock. */
import type { KernelSource } from "../../../../../impls/engines/cuda/device/program.js";
import { type Listed, onBoth } from "./listed.js";

const engine = (file: string) => new URL(`../../../../../impls/engines/cuda/${file}`, import.meta.url);
export function ofEngine(): Listed[] {
  const hash = engine("problem/hash.cu");
  const sources: KernelSource[] = [
    { urls: [engine("problem/fill.cu")], entry: "fill" },
    { libraries: ["elements"], urls: [hash, engine("problem/random.cu")], entry: "random_values" },
    { urls: [hash, engine("problem/survey.cu")], entry: "survey" },
    { libraries: ["elements"], urls: [hash, engine("problem/gather.cu")], entry: "gather" },
    { urls: [engine("clock/copy.cu")], entry: "copy" },
    { urls: [engine("clock/multiply-add.cu")], entry: "multiply_add" },
    { urls: [engine("clock/matrix-rate.cu")], entry: "matrix_rate", defines: { TYPE: "f16" } },
  ];
  return sources.flatMap((source) => onBoth(source));
}
