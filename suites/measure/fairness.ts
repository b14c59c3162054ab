/** What a row says about the conditions of its time, so that a reader can tell equal comparisons from unequal ones. */
import type { Rounding } from "../../impls/bound.js";
import type { DeviceInfo } from "../../impls/engines/engine.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import type { Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import type { Fairness } from "../../reports/rows/row.js";
import { declaredRounding } from "../check/rounding.js";

/** The part that an implementation knows. */
export interface Work {
  readonly accumulation: string;
  readonly timed: string;
}

export function workOf(impl: AnyImplementation, problem: Problem, options: Options): Work {
  const own = impl.timed?.(problem, options);
  return {
    accumulation: accumulation(declaredRounding(impl, problem, options)),
    timed: [impl.operator.timed, own].filter(Boolean).join("; "),
  };
}

/** From what an implementation declares about its roundings, on which its bound rests: it cannot claim more than it is held to. */
export function accumulation({ accumulate, storage, decay, products }: Rounding): string {
  const sums = products ? "f32 on matrix units" : accumulate < 2 ** -40 ? "f64" : "f32";
  const parts = [sums];
  // between f16 (2^-11) and bf16 (2^-8) lies no storage type, only products of truncated f32
  if (storage === 2 ** -10) parts.push("products in TF32");
  if (decay === "prefix") parts.push("decays from running sums (prefix)");
  return parts.join(", ");
}

/** @param run what a run was seen to do beside computing */
export function fairnessOf(
  work: Work,
  device: DeviceInfo,
  clock: "host" | "device",
  threads: number | undefined,
  cache: string | undefined,
  run?: string | number | boolean | undefined,
): Fairness {
  const { blas, blasKernel } = device.details;
  const library = [blas, blasKernel].filter((word) => typeof word === "string").join(" ");
  return {
    ...work,
    ...(run === undefined ? {} : { timed: `${work.timed}; ${run}` }),
    launch: clock === "host" ? "included" : (device.launch ?? "not included"),
    cache: cache === "cold" ? "cold" : "warm",
    threads: threads ?? 1,
    ...(library === "" ? {} : { blas: library }),
  };
}
