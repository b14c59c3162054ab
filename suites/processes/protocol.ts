/** What the parent asks of an engine's child process, and what comes back. Plain data only: it crosses a process boundary. */
import type { Rounding } from "../../impls/bound.js";
import type { Ceilings, DeviceInfo } from "../../impls/engines/engine.js";
import type { EngineEntry, EngineName } from "../../impls/engines/index.js";
import type { ImplementationCost } from "../../impls/implementation.js";
import type { Lane, Problem } from "../../impls/operator.js";
import type { Options, RunDetails } from "../../impls/prepared.js";
import type { NonFinite } from "../../impls/spread.js";
import type { Verdict } from "../check/check.js";
import type { Rejected, Step } from "../check/witness.js";
import type { Work } from "../measure/fairness.js";
import type { RawSample } from "../measure/measure.js";
import type { Lacks } from "../verify/targets.js";
import type { Telemetry } from "./meters/meter.js";
import type { Origin } from "./origin.js";

/**
 * The version of everything that crosses: the calls below, problems and options in them, and the file of a reference. The gate runs
 * each arm's processes from that arm's tree, so that parent and child may be of different days. Raised with every change that a process
 * of before, asked by a gate of today, would not follow.
 */
export const PROTOCOL = 2;

export interface OpenRequest {
  readonly engine: EngineName;
  readonly device?: string | undefined;
  /** The user named this engine. */
  readonly named: boolean;
  /** Modules with implementations of the user. */
  readonly files: readonly string[];
  /** Unix time in ms from which samples count their start. */
  readonly originMs: number;
}

export type Opened = { readonly protocol: number } & (
  | {
      readonly present: true;
      readonly device: DeviceInfo;
      readonly lacks: Lacks;
      readonly lacking: readonly Lacking[];
      /** Whether samples can begin with a cold cache. */
      readonly cools: boolean;
    }
  | { readonly present: false; readonly reason: string }
);

/** An implementation that takes no part on this device, and why. */
export interface Lacking {
  readonly impl: number;
  readonly reason: string;
}

/** How would an implementation take a problem, with the options it prefers or with every choice it offers? */
export interface Question {
  readonly impl: number;
  readonly problem: Problem;
  readonly everyChoice: boolean;
}

/** How an implementation would take a problem. */
export interface Description {
  readonly options: Options;
  readonly unsupported?: string | undefined;
  /** What it threw when it was asked. */
  readonly failed?: string | undefined;
  /** What this form does, where the implementation counts it: its operations are the better axis to predict along. */
  readonly cost?: ImplementationCost | undefined;
  /** What a run computes and in which precision, for the fairness sheet. */
  readonly work?: Work | undefined;
}

/** One implementation of a process, in the order in which calls name them by. */
export interface InventoryEntry {
  /** `operator/form.engine` */
  readonly name: string;
  /** Absent in processes of before; theirs are all built in. */
  readonly source?: string;
  readonly dtypes?: readonly Problem["dtype"][];
  readonly bitwise?: false;
  readonly nonFinite?: NonFinite;
  /** Where it comes from when it is a user's. */
  readonly origin?: Origin | undefined;
  /** What it counts of itself, a problem each; null where it counts nothing or does not take the problem. */
  readonly costs: readonly (ImplementationCost | null)[];
}

/** What a parent knows of an engine that only its children load. */
export type ListedEngine = Omit<EngineEntry, "load">;

export interface Listed {
  /** Built-in ones left out. */
  readonly implementations: readonly InventoryEntry[];
  readonly engines: readonly ListedEngine[];
}

/** Where a problem's truth lies. */
export interface ReferenceHandle {
  readonly file: string;
  readonly lanes: readonly Lane[];
}

/** Other inputs for a case's problem, and their truth. */
export interface SecondInputs {
  readonly problem: Problem;
  readonly reference: ReferenceHandle;
}

/** What became of the inputs while a case was timed. */
export interface InputsReport {
  /** 1 where the engine cannot rewrite inputs, or the problem has one set only. */
  readonly sets: number;
  readonly switches: number;
  /** Runs whose outputs were held against their truth. */
  readonly checkedRuns: number;
}

export interface CaseCall {
  readonly case: number;
}

/** Request and answer by name. Each case goes prepare, verify, warm, sample..., recheck, dispose. */
export interface Calls {
  open: [OpenRequest, Opened];
  describe: [{ readonly questions: readonly Question[] }, Description[][]];
  ceilings: [{ readonly threads: number }, Ceilings];
  /** All implementations, and what each counts of these problems with its default options. */
  inventory: [{ readonly problems: readonly Problem[] }, InventoryEntry[]];
  /** Built-in engines and those of the user's files. */
  engines: [null, ListedEngine[]];
  /** What these modules of the user hold; asked of a process without an engine. */
  list: [{ readonly files: readonly string[] }, Listed];
  /** All options that an implementation runs by default. */
  choices: [{ readonly impl: number; readonly problem: Problem }, readonly Options[]];
  /** One run from preparation to all outputs: small problems only. */
  evaluate: [
    { readonly impl: number; readonly problem: Problem; readonly options: Options },
    (
      | { readonly values: Readonly<Record<string, Float32Array>>; readonly rounding: Rounding }
      | { readonly unsupported: string }
    ),
  ];
  prepare: [
    /** leaks: look for memory that runs leave behind, at the cost of collecting garbage around slow runs' turns and in `recheck` */
    /** meterNs: tell of the processor beside the case, its power over so long; processes of before tell nothing. */
    CaseCall & { impl: number; problem: Problem; options: Options; leaks: boolean; meterNs?: number },
    { bytes: number; details?: RunDetails | undefined } | { readonly unsupported: string },
  ];
  verify: [
    CaseCall & { reference: ReferenceHandle; second?: SecondInputs | undefined },
    { verdict: Verdict; firstNs: number },
  ];
  /** Warm-up; then the outputs are poisoned again. */
  /** cold: each sample begins after the cache was overwritten, and is one run. */
  warm: [
    CaseCall & { budgetNs: number; firstNs: number; cold: boolean },
    { repeats: number; estimateNs: number },
  ];
  sample: [
    /** steps: how `count` samples are taken, and what happens between them; at once where there are none. */
    CaseCall & { count: number; repeats: number; cold: boolean; steps?: readonly Step[] },
    { samples: RawSample[]; gainedBytes: number; rejected?: Rejected | undefined },
  ];
  recheck: [
    /** reference: for processes of before, which were not told it by `verify`. */
    CaseCall & { reference: ReferenceHandle },
    {
      verdict: Verdict;
      deterministic: boolean;
      leakedBytesPerRun: number;
      inputs: InputsReport;
      /** Those of `prepare`, with what only its runs could tell. */
      details?: RunDetails | undefined;
      telemetry?: Telemetry | undefined;
    },
  ];
  dispose: [CaseCall, null];
  /** Asked of the one child that computes references. */
  reference: [{ problem: Problem; lanes: readonly Lane[]; file: string }, null];
}

export type CallName = keyof Calls;

export interface Request<K extends CallName = CallName> {
  readonly id: number;
  readonly call: K;
  readonly body: Calls[K][0];
}

export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  /** isLost: the engine's device is gone for good, and with it the use of this process. */
  | { readonly id: number; readonly ok: false; readonly message: string; readonly isLost?: boolean };
