/** The two engines of compiled kernels, for tests that ask the same of both. */
import { createHash } from "node:crypto";
import { open as openNative } from "../../impls/engines/native.js";
import { open as openWasm } from "../../impls/engines/wasm.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import type { Problem } from "../../impls/operator.js";
import { orReason } from "../or-reason.js";
import { outputsOn } from "./truth.js";

const opened = [await orReason("native", openNative), await openWasm()].filter(
  (engine) => engine !== undefined,
);

export interface Kernel {
  readonly name: string;
  readonly engine: (typeof opened)[number];
  readonly impl: AnyImplementation;
}

/** Those of one form. */
export function kernelsOf(implementations: readonly AnyImplementation[], form: string): Kernel[] {
  return opened.flatMap((engine) =>
    implementations
      .filter((impl) => impl.form === form && impl.engine === engine.name)
      .map((impl) => ({ name: `${form}.${engine.name}`, engine, impl })),
  );
}

/** All outputs of one run. */
export function run(
  { engine, impl }: Kernel,
  problem: Problem,
  threads = 1,
): Promise<Readonly<Record<string, Float32Array>>> {
  return outputsOn(engine as never, impl as never, problem as never, { threads }) as never;
}

/** All bits of all outputs. */
export function bitsOf(outputs: Readonly<Record<string, Float32Array>>): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(outputs).sort())
    hash.update(name).update(new Uint8Array(outputs[name].slice().buffer));
  return hash.digest("hex");
}

export async function closeKernels(): Promise<void> {
  for (const engine of opened) await engine.close();
}
