/** A problem on an engine, ready to run: what `prepare` returns and what it is given. Knows no engine. */
import type { AnyOperator, Lane, Outputs, Problem } from "./operator.js";

/** Options of an implementation: part of the case id, never of the problem. */
export interface Options {
  readonly chunk?: number;
  readonly threads?: number;
  /** Tells several kernels of one form apart, e.g. tile, subgroup-matrix. */
  readonly make?: string;
  /** Sizes of what a workgroup holds at a time, e.g. 128x32x32: in words of its implementation. */
  readonly tile?: string;
  /** Processes that share the problem. */
  readonly ranks?: number;
  /** What each of them has a part of: the tokens (sequence), or heads and columns of products (tensor). */
  readonly split?: "sequence" | "tensor";
  /** How states go from segment to segment of a sequence: one after the other (chain), or in rounds (tree). */
  readonly passing?: "chain" | "tree";
}

/** Values of checked lanes and what must be known about all other elements. */
export interface Inspection<O extends string = string> {
  /** lanes[i][output]: values of the i-th requested lane. */
  readonly lanes: readonly Readonly<Record<O, Float64Array>>[];
  /** First element that is NaN or infinite, over all elements of all outputs. */
  readonly nonFinite?:
    | { readonly output: O; readonly index: number; readonly value: number; readonly total: number }
    | undefined;
  /** Hash of all output bits: two equal runs of a deterministic kernel give the same. */
  readonly fingerprint: string;
}

/** Facts about one prepared case that a row keeps, e.g. the hash of the compiled kernel; `run` is what a run does beside computing. */
export type RunDetails = Readonly<Record<string, string | number | boolean>>;

/** The member of `Prepared` that an engine makes and a kernel leaves alone: not for users, and one for all copies of this module. */
export const rewriteInputs: unique symbol = Symbol.for("dualbench.rewriteInputs") as never;

/** A problem uploaded to an engine, ready to run. `run` neither uploads, reads back nor allocates, and may be repeated. */
export interface Prepared<Op extends AnyOperator = AnyOperator, Launch = unknown> {
  run(launch: Launch): void | Promise<void>;
  /** Fills every output with NaN, so that an element that is never written is found. */
  poison(): void | Promise<void>;
  /** All outputs in C order; may be a view that the next run overwrites. */
  read(): Outputs<Op> | Promise<Outputs<Op>>;
  /** Selected lanes without a full readback. */
  inspect(lanes: readonly Lane[]): Inspection | Promise<Inspection>;
  /** Memory held by this problem, inputs and outputs included. */
  readonly bytes: number;
  readonly details?: RunDetails | undefined;
  dispose(): void | Promise<void>;
  /**
   * Puts the inputs of another problem where those of this one lie, without telling the kernel. The two differ in the values of inputs
   * only (change.ts). Absent where the engine cannot, or where a kernel has made its own `Prepared`.
   */
  readonly [rewriteInputs]?: (problem: Problem) => void | Promise<void>;
}

/**
 * Thrown by `prepare` where only the library behind an implementation can tell that it does not take a problem: a skip, not a failure.
 */
export class Unsupported extends Error {
  override readonly name = "Unsupported";
}
