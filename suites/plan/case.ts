/** What a plan is made of: engines on devices, cases with their ids, groups of cases that share a problem. */
import type { DeviceInfo } from "../../impls/engines/engine.js";
import type { EngineName, EngineTraits } from "../../impls/engines/index.js";
import type { ImplementationCost } from "../../impls/implementation.js";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import type { CaseKeys } from "../../reports/rows/case-id.js";
import type { Work } from "../measure/fairness.js";
import type { Lacking } from "../processes/protocol.js";
import type { Cache } from "./caches.js";

/** An engine on a device, as opened. */
export interface Target {
  readonly engine: EngineName;
  /** What its entry says of it. */
  readonly traits?: EngineTraits | undefined;
  /** What `open` is given. */
  readonly device: string | undefined;
  /** The id's `device` key. */
  readonly deviceKey: string | undefined;
  /** What the device is, as it told when it was opened. */
  readonly kind?: DeviceInfo["kind"] | undefined;
  /** Whether samples can begin with a cold cache: then the id says which it was. */
  readonly cools?: boolean;
  /** Implementations, by index, that take no part here, e.g. for want of a package. */
  readonly lacking?: readonly Lacking[];
}

export interface Case {
  readonly id: string;
  readonly keys: CaseKeys;
  /** Suites that ask for this case; each gets its own row, from one measurement. */
  readonly suites: readonly string[];
  /** Place in the list of all implementations. */
  readonly impl: number;
  readonly form: string;
  readonly target: number;
  readonly operator: AnyOperator;
  readonly problem: Problem;
  /** What has this shape, e.g. a model by its name. */
  readonly workload?: string | undefined;
  readonly options: Options;
  /** What the last-level cache holds when a sample begins; undefined where an engine has no say in it. */
  readonly cache: Cache | undefined;
  readonly unsupported: string | undefined;
  /** What is wrong with its options: it fails without being run. */
  readonly wrong?: string;
  /** For the fairness sheet; absent where the case is not run. */
  readonly conditions?: Work | undefined;
  /** Operations by which cases of one curve are compared: the implementation's own count where it gives one. */
  readonly work: number;
  /** What the form itself does, where the implementation counts it. */
  readonly cost: ImplementationCost | undefined;
  /** Curves it lies on, and its place on the earliest: 0 for the smallest size. */
  readonly curves: readonly string[];
  readonly rank: number;
  /** On a curve of the figure: it comes before implementations that a reader sees in the small panels only. */
  readonly figure: boolean;
  /** On one of those that grow in proportion: it is to reach the end of the figure's axis before others get their larger sizes. */
  readonly reaches: boolean;
  /** The implementation on its engine: what its other curves say is better than no guess. */
  readonly lineage: string;
}

/** Cases of one problem: measured in interleaved rounds. */
export interface Group {
  readonly key: string;
  readonly problem: Problem;
  readonly operator: AnyOperator;
  readonly cases: readonly Case[];
}
