/** Where it runs. An engine owns its device and its clock; it is loaded lazily, so that listing engines loads no native code. */

export interface DeviceInfo {
  /** Value of the id's `device` key, `[a-z0-9._-]+`; undefined where an engine has one device only. */
  readonly key?: string | undefined;
  /** As a person names it, e.g. the CPU's or the adapter's model. */
  readonly name: string;
  /** software: a GPU interface emulated on the CPU; its times say nothing about a GPU. */
  readonly kind: "cpu" | "gpu" | "software";
  /** Versions, driver, limits, features: anything a reader needs to repeat a number. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
  /** What of launching a run its device clock sees; absent where the clock is the host's or sees nothing of it. */
  readonly launch?: string;
  /** One sentence on why this device is slower than it could be, and what to do about it. */
  readonly warning?: string;
}

/** Time of one run, the mean over `repeats` back-to-back runs. */
export interface Timing {
  readonly hostNs: number;
  readonly deviceNs?: number;
}

/** The roofline, measured in this run. Missing where an engine cannot measure it. */
export interface Ceilings {
  readonly bytesPerS?: number;
  /** Copies of what fits into the nearest cache: no run can pass it, however small. */
  readonly cachedBytesPerS?: number;
  /** Best multiply-add rate by dtype, two operations each. */
  readonly flopsPerS?: Readonly<Partial<Record<"f32" | "f16" | "bf16", number>>>;
  /** Exponentials a second, for forms that they bound. */
  readonly expsPerS?: number;
}

/** Thrown by `open` when this machine lacks what the engine needs: one sentence with what is missing and how to add it. */
export class EngineAbsent extends Error {
  override readonly name = "EngineAbsent";
}

/**
 * Thrown by any call once the process or driver behind an engine is gone, with how it ended: nothing that was prepared is left, and
 * the engine must be opened again.
 */
export class EngineCrashed extends Error {
  override readonly name = "EngineCrashed";
}

export interface OpenOptions {
  /** The user named this engine, so a software adapter may stand in for a device. */
  readonly named: boolean;
}

/** `Launch` is what a run records into: a compute pass on WebGPU, nothing on engines that call functions. */
export interface Engine<Launch = void> {
  readonly name: string;
  readonly device: DeviceInfo;
  /** A sentence when this device lacks what a problem needs whatever the form, e.g. its storage type. */
  unsupported?(problem: { readonly dtype: string }): string | undefined;
  /** Runs once without timing: verification and warm-up. */
  once(run: (launch: Launch) => void | Promise<void>): Promise<void>;
  /** Times `repeats` runs in a row, synchronised at both ends. */
  time(run: (launch: Launch) => void | Promise<void>, repeats: number): Promise<Timing>;
  /** As `time` with one run, after the last-level cache was overwritten. Left out where an engine cannot do that. */
  timeCold?(run: (launch: Launch) => void | Promise<void>): Promise<Timing>;
  /** @param threads of the cases that it shall hold for, where runs may use several; 1 by default */
  ceilings(threads?: number): Promise<Ceilings>;
  /** What it prepares can have its inputs rewritten in place (`rewriteInputs` in prepared.ts). */
  readonly rewritesInputs?: true;
  /** Whether the device is gone for good, so that only another process can use it again. Engines that cannot lose it leave this out. */
  isLost?(): boolean;
  close(): void | Promise<void>;
}
