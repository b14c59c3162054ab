/** Targets on the cpu engine in this process, for tests. */
import { open } from "../../impls/engines/cpu.js";
import type { Engine } from "../../impls/engines/engine.js";
import type { EngineName } from "../../impls/engines/index.js";
import { open as openJaxjs } from "../../impls/engines/jaxjs.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import { implementations } from "../../impls/index.js";
import { localPlace } from "../../suites/verify/evaluate.js";
import type { Target } from "../../suites/verify/targets.js";
import { onnxruntimeOrReason } from "../onnxruntime.js";
import { orReason } from "../or-reason.js";
import { torchOrReason } from "../torch.js";

const place = localPlace(await open(), undefined);

export function cpuTarget(impl: AnyImplementation, index = 0): Target {
  return { impl, index, place };
}

/** Every implementation in torch ops, where Python has torch; the place must be closed. */
export async function torchTargets(): Promise<readonly Target[]> {
  return targetsOn("torch", await torchOrReason(), "cpu");
}

/** Every implementation in ONNX operators, where the package is installed. */
export async function onnxruntimeTargets(): Promise<readonly Target[]> {
  return targetsOn("onnxruntime", await onnxruntimeOrReason(), undefined);
}

/** Every implementation in jax-js, where the package is installed. */
export async function jaxjsTargets(): Promise<readonly Target[]> {
  return targetsOn("jaxjs", await orReason("jaxjs", openJaxjs), undefined);
}

async function targetsOn(
  name: EngineName,
  engine: unknown,
  device: string | undefined,
): Promise<readonly Target[]> {
  if (!engine) return [];
  const place = localPlace(engine as Engine<unknown>, device);
  const present: Target[] = [];
  for (const [index, impl] of implementations.entries())
    if (impl.engine === name && (await impl.absent?.(engine as never)) === undefined)
      present.push({ impl, index, place });
  return present;
}

/** Every implementation of ours that runs without native code. */
export const cpuTargets: readonly Target[] = implementations
  .filter(({ engine }) => engine === "cpu")
  .map((impl, index) => cpuTarget(impl, index));
