/** Codes of the CUDA driver as errors; some of them end the context, and with it the use of this process. */
import { EngineCrashed } from "../../engine.js";
import type { DriverCalls } from "../host/driver.js";

/** After one of these every further call of the process fails: ECC, illegal address and instruction, launch failure and kin. */
const STICKY = new Set([214, 220, 226, 700, 702, 710, 714, 715, 716, 717, 718, 719, 720, 721]);
const OUT_OF_MEMORY = 2;
const NOT_SUPPORTED = 801;

export class CudaError extends Error {
  override readonly name = "CudaError";
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
  get isOutOfMemory(): boolean {
    return this.code === OUT_OF_MEMORY;
  }
  get isNotSupported(): boolean {
    return this.code === NOT_SUPPORTED;
  }
}

/** The driver's functions with their answers looked at. */
export class Checked {
  #lost: string | undefined;

  constructor(readonly calls: DriverCalls) {}

  /** Whether the context is gone for good. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** @throws CudaError with the driver's own name and words; once the context is lost, always */
  check(what: string, code: number): void {
    if (code === 0 && !this.#lost) return;
    if (code === 0 || (this.#lost && STICKY.has(code))) throw new EngineCrashed(this.#lost);
    const message = `${what}: ${this.#words(code)}`;
    if (!STICKY.has(code)) throw new CudaError(code, message);
    this.#lost = `the CUDA context was lost: ${message}`;
    throw new CudaError(code, this.#lost);
  }

  #words(code: number): string {
    const [name, text]: [string | null][] = [[null], [null]];
    this.calls.cuGetErrorName(code, name);
    this.calls.cuGetErrorString(code, text);
    return [name[0] ?? `error ${code}`, text[0]].filter(Boolean).join(", ");
  }
}
