/** Targets on the cpu engine in this process, for tests. */
import { open } from "../../impls/engines/cpu.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import { implementations } from "../../impls/index.js";
import { localPlace } from "../../suites/verify/evaluate.js";
import type { Target } from "../../suites/verify/targets.js";

const place = localPlace(await open(), undefined);

export function cpuTarget(impl: AnyImplementation, index = 0): Target {
  return { impl, index, place };
}

/** Every implementation of ours that runs without native code. */
export const cpuTargets: readonly Target[] = implementations
  .filter(({ engine }) => engine === "cpu")
  .map((impl, index) => cpuTarget(impl, index));
