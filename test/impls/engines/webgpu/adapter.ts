/** What tests of the WebGPU engine share: the adapter they run on, and our implementations there. */
import { type GpuTestOptions, open, type WebGpuEngine } from "../../../../impls/engines/webgpu.js";
import { type AnyImplementation, implementationName } from "../../../../impls/implementation.js";
import { implementations } from "../../../../impls/index.js";
import type { AnyOperator } from "../../../../impls/operator.js";
import "./poll.js";

/** npm brings SwiftShader for Linux x64: there, and only there, a missing adapter fails the tests. */
export const here = process.platform === "linux" && process.arch === "x64";
if (!here) console.log("tests on WebGPU are skipped: npm has SwiftShader for Linux x64 only");

/** npm's, whatever driver is here. */
export function openSwiftShader(): Promise<WebGpuEngine> {
  return open("swiftshader");
}

/** A machine's own driver where one is named (lavapipe in CI), else SwiftShader. */
export async function openAdapter(options: GpuTestOptions = {}): Promise<WebGpuEngine | undefined> {
  const device = process.env.VK_ICD_FILENAMES ? undefined : "swiftshader";
  return here ? open(device, { named: true, ...options }) : undefined;
}

export interface Named {
  readonly name: string;
  readonly impl: AnyImplementation;
}

/** Our implementations of an operator on this engine, with their names. */
export function formsOf(operator: AnyOperator): Named[] {
  return implementations
    .filter((impl) => impl.engine === "webgpu" && impl.operator === operator)
    .map((impl) => ({ name: implementationName(impl), impl }));
}

/** Storage types that the adapter has. */
export function dtypesOf(engine: WebGpuEngine | undefined): readonly ("f32" | "f16")[] {
  return engine?.has("shader-f16") ? ["f32", "f16"] : ["f32"];
}
