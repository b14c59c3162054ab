/** What can run here: every implementation on every device of its engine. */
import type { Rounding } from "../../impls/bound.js";
import type { Engine } from "../../impls/engines/engine.js";
import type { EngineName, EngineTraits } from "../../impls/engines/index.js";
import { type AnyImplementation, implementationName, unsupportedReason } from "../../impls/implementation.js";
import type { Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import { copyOf } from "../problems/copy.js";
import { originOf } from "../processes/origin.js";

/** Values of all outputs in C order, copied out of the engine. */
export type Values = Readonly<Record<string, Float32Array>>;

/** What one run gave, and how the implementation says that it rounds. */
export interface Evaluated {
  readonly values: Values;
  readonly rounding: Rounding;
}

/** Storage types that the device does not have, each with the engine's sentence why. */
export type Lacks = Readonly<Partial<Record<Problem["dtype"], string>>>;

/** What the engine says of each storage type, whatever the form. */
export function lacksOf(engine: Pick<Engine<unknown>, "unsupported">): Lacks {
  const dtypes = ["f64", "f32", "f16", "bf16"] as const;
  const found = dtypes.map((dtype) => [dtype, engine.unsupported?.({ dtype })] as const);
  return Object.fromEntries(found.filter(([, reason]) => reason !== undefined));
}

/** An implementation gave no answer in time: it is not asked again. */
export class Hung extends Error {
  override readonly name = "Hung";

  /** @param known it did so before, and has cost nothing now */
  constructor(
    message: string,
    readonly known: boolean,
  ) {
    super(message);
  }
}

/** Runs problems on one device; a crash or a hang of native code ends as an exception, not as the end of this process. */
export interface Place {
  readonly engine: EngineName;
  /** What its entry says of it. */
  readonly traits?: EngineTraits | undefined;
  /** In this process, beside the checks themselves. */
  readonly isLocal?: boolean;
  readonly device: string | undefined;
  /** Why the device is slower than it could be, one sentence. */
  readonly warning?: string | undefined;
  /** Storage types that the device does not have, and why. */
  readonly lacks: Lacks;
  /** Implementations, by index, that this device lacks something for. */
  readonly lacking?: readonly { readonly impl: number; readonly reason: string }[];
  /** The options that an implementation runs by default; one empty set when it has none. */
  options(target: Target, problem: Problem): Promise<readonly Options[]>;
  /** @throws what the implementation throws, or with the signal that ended its process */
  evaluate(target: Target, problem: Problem, options: Options): Promise<Evaluated>;
  close(): Promise<void>;
}

/** One implementation on one device. */
export interface Target {
  readonly impl: AnyImplementation;
  /** Its place among all implementations of this run, the same in every process. */
  readonly index: number;
  readonly place: Place;
}

/** `operator/form.engine` with the keys that tell targets apart; the problem is named elsewhere. */
export function targetName({ impl, place }: Target, dtype?: string, options: Options = {}): string {
  const keys = Object.entries({ dtype, ...options, device: place.device });
  const words = keys.filter(([, value]) => value !== undefined).map(([key, value]) => `${key}=${value}`);
  return [implementationName(impl), ...words].join(" ");
}

/** The same before it was asked for options: a file's `make` tells its kernel from ours. */
export function nameOf(target: Target): string {
  const make = originOf(target.impl)?.fallbackMake;
  return targetName(target, undefined, make === undefined ? {} : { make });
}

/** Storage types that an implementation takes, f64 aside: that is the reference's own. */
export function dtypesOf(
  impl: Pick<AnyImplementation, "dtypes">,
): readonly Exclude<Problem["dtype"], "f64">[] {
  const dtypes = (impl.dtypes ?? ["f32"]).filter((dtype) => dtype !== "f64");
  return dtypes.length > 0 ? dtypes : ["f32"];
}

/** A sentence when this implementation cannot take the problem with these options. */
export function whyNot(target: Target, problem: Problem, options: Options): string | undefined {
  const reason = declined(target, problem, options);
  if (reason) return reason;
  const { traits } = target.place;
  return traits?.nonFinite !== undefined && hasNonFinite(problem) ? traits.nonFinite : undefined;
}

/** The same, but for what its engine says of values that are not finite. */
export function declined({ impl, place }: Target, problem: Problem, options: Options): string | undefined {
  // a copy: what it does to its inputs must not reach the reference
  const asked = impl.unsupported === undefined ? problem : copyOf(problem);
  return unsupportedReason(impl, asked, options) ?? place.lacks[problem.dtype];
}

export function hasNonFinite({ inputs }: Problem): boolean {
  return Object.values(inputs).some(
    (source) => source?.kind === "given" && !source.data.every((value) => Number.isFinite(value)),
  );
}

export interface Absent {
  readonly engine: string;
  /** Why it cannot run here, one sentence. */
  readonly reason: string;
}
