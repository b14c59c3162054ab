/** What a gate found: the contract of verdict.json. Times in ns, ratios are head / base, above 1 is slower. */

/** In the order in which one beats another. */
export type Status =
  /** An output breaks its bound: exit 4. */
  | "wrong"
  /** A confirmed slowdown, a check that no noise can move, a case that head cannot run: exit 1. */
  | "regression"
  /** Identical code was told apart: exit 3. */
  | "invalid"
  /** The budget ended before the rule was done, or the noise hid too much: exit 3. */
  | "inconclusive"
  /** exit 0 */
  | "pass";

export interface Verdict {
  readonly version: 1;
  readonly status: Status;
  /** One sentence each, what decided first. */
  readonly reasons: readonly string[];
  readonly base: Side;
  readonly head: Side;
  /** The command that repeats the whole. */
  readonly command: string;
  /** Of the order of the measurements. */
  readonly seed: number;
  readonly rule: Readonly<Record<string, number>>;
  /** What a block's log ratio is taken from, in words. */
  readonly estimator: string;
  /** What the selection looked at, in words. */
  readonly selection: string;
  readonly minutes: number;
  readonly machine: string;
  /** Absent in verdicts of versions before 0.2. */
  readonly made?: Made;
  /** One reading a block, where the device tells. */
  readonly gpu: readonly GpuReading[];
  readonly canary: Canary | null;
  /** Null where the run ended before. */
  readonly shapes: Shapes | null;
  readonly cases: readonly CaseVerdict[];
  readonly checks: readonly Check[];
  /** Nothing is dropped silently. */
  readonly notCompared: readonly { readonly id: string; readonly reason: string }[];
}

/** The code behind the numbers, also where it has no commit. */
export interface Made {
  /** Of dualbench. */
  readonly version: string;
  /** Hash of its own sources. */
  readonly code: string;
  /** Versions of the packages that may have computed. */
  readonly packages: Readonly<Record<string, string>>;
  /** Hash of each module of the user and of what it imports, by path. */
  readonly sources: Readonly<Record<string, string>>;
}

export interface GpuReading {
  readonly clockMhz: number;
  readonly maxClockMhz: number;
  readonly temperatureC: number | null;
  /** Bits as NVML names them. */
  readonly throttle: number;
}

export interface Side {
  /** As a person names it: a ref, a file. */
  readonly name: string;
  readonly commit: string;
}

/** What head's implementations had to pass before anything was timed, beside their cases: shapes that no grid has, random problems. */
export interface Shapes {
  readonly implementations: number;
  /** Outputs held against the reference. */
  readonly checks: number;
  /** Problems that an implementation does not take, or whose bound would show nothing. */
  readonly notTaken: number;
  /** Problems of an operator that the time did not suffice for. */
  readonly left: number;
  readonly seconds: number;
  /** Of the random problems. */
  readonly seed: number;
}

/** The base against itself under the same rule. */
export interface Canary {
  readonly id: string;
  readonly ratio: number;
  readonly low: number;
  /** Null where the interval has no end. */
  readonly high: number | null;
  readonly blocks: number;
  readonly toldApart: boolean;
}

export interface CaseVerdict {
  readonly id: string;
  /** undecided: blocks that the rule asks for are missing. wrong and failed have no times. */
  readonly outcome: "same" | "slower" | "faster" | "undecided" | "wrong" | "failed";
  readonly ratio?: number;
  /** 95% interval of the ratio; null where it has no end. */
  readonly low?: number | null;
  readonly high?: number | null;
  /** Holm-adjusted; absent for a case that screening let go. */
  readonly adjustedP?: number;
  /** Smallest slowdown that would have been seen with 80% power, as a fraction; null: no telling. */
  readonly mde80?: number | null;
  readonly baseNs?: number;
  readonly headNs?: number;
  /** Log ratios, one a block. */
  readonly screen?: readonly number[];
  readonly confirm?: readonly number[];
  readonly reason?: string;
  /** The command that repeats this case alone. */
  readonly repeat: string;
}

/** A check that no noise can move, or that intervals guard. */
export interface Check {
  readonly name: CheckName;
  /** What it looked at: an implementation, a kernel, a claim. */
  readonly what: string;
  /** known: the base fails it as well, so the change is not to blame. skipped: it could not be made; `detail` says why. */
  readonly status: "pass" | "fail" | "known" | "skipped";
  readonly detail: string;
}

export const CHECKS = ["cost", "size", "growth", "claims"] as const;
export type CheckName = (typeof CHECKS)[number];

/** Exit codes by status, as the commands promise them. */
export const EXIT_OF: Readonly<Record<Status, number>> = {
  pass: 0,
  regression: 1,
  invalid: 3,
  inconclusive: 3,
  wrong: 4,
};
