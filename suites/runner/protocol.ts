/** What the parent asks of an engine's child process, and what comes back. Plain data only: it crosses a process boundary. */
import type { Ceilings, DeviceInfo } from "../../impls/engines/engine.js";
import type { EngineName, ImplementationCost, Options } from "../../impls/implementation.js";
import type { Lane, Problem } from "../../impls/operator.js";
import type { RawSample } from "./measure.js";
import type { Verdict } from "./verify.js";

export interface OpenRequest {
  readonly engine: EngineName;
  readonly device?: string | undefined;
  /** The user named this engine. */
  readonly named: boolean;
  /** Modules with implementations of the user. */
  readonly files: readonly string[];
  /** A folder whose `impls/` takes the place of the harness's own: the gate measures two trees. */
  readonly tree?: string | undefined;
  /** Unix time in ms from which samples count their start. */
  readonly originMs: number;
}

export type Opened =
  | { readonly present: true; readonly device: DeviceInfo }
  | { readonly present: false; readonly reason: string };

/** How an implementation would take a problem. */
export interface Description {
  readonly options: Options;
  readonly unsupported?: string | undefined;
  /** What this form does, where the implementation counts it: the better axis to predict along. */
  readonly flops?: number | undefined;
}

/** One implementation of a process, in the order in which calls name them by. */
export interface InventoryEntry {
  /** `operator/form.engine` */
  readonly name: string;
  /** What it counts of itself, a problem each; null where it counts nothing or does not take the problem. */
  readonly costs: readonly (ImplementationCost | null)[];
}

/** Where a problem's truth lies. */
export interface ReferenceHandle {
  readonly file: string;
  readonly lanes: readonly Lane[];
}

export interface CaseCall {
  readonly case: number;
}

/** Request and answer by name. Each case goes prepare, verify, warm, sample..., recheck, dispose. */
export interface Calls {
  open: [OpenRequest, Opened];
  describe: [{ readonly questions: readonly { impl: number; problem: Problem }[] }, Description[]];
  ceilings: [null, Ceilings];
  /** All implementations, and what each counts of these problems with its default options. */
  inventory: [{ readonly problems: readonly Problem[] }, InventoryEntry[]];
  /** All options that an implementation runs by default. */
  choices: [{ readonly impl: number; readonly problem: Problem }, readonly Options[]];
  /** One run from preparation to all outputs: small problems only. */
  evaluate: [
    { readonly impl: number; readonly problem: Problem; readonly options: Options },
    Readonly<Record<string, Float32Array>>,
  ];
  prepare: [CaseCall & { impl: number; problem: Problem; options: Options }, { bytes: number }];
  verify: [CaseCall & { reference: ReferenceHandle }, { verdict: Verdict; firstNs: number }];
  /** Warm-up; then the outputs are poisoned again. */
  warm: [CaseCall & { budgetNs: number; firstNs: number }, { repeats: number; estimateNs: number }];
  sample: [CaseCall & { count: number; repeats: number }, { samples: RawSample[]; residentGrowth: number }];
  recheck: [
    CaseCall & { reference: ReferenceHandle },
    { verdict: Verdict; deterministic: boolean; grownBytesPerRun: number },
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
  | { readonly id: number; readonly ok: false; readonly message: string };
