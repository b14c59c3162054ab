/** A law: what must hold between runs of one implementation, whatever it computes inside. */
import type * as fc from "fast-check";
import { FORMS, type Form } from "../../impls/implementation.js";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import type { Spec } from "../problems/spec.js";
import type { Verdict } from "../verify/compare.js";
import type { Subject } from "../verify/subject.js";

export interface LawCase {
  readonly spec: Spec;
}

export type Finding =
  /**
   * `verdict` where a run was held against the reference: it goes into the table of errors. `reached` where one had a value that is not
   * finite: it goes into the table of how far those go.
   */
  | { readonly ok: true; readonly verdict?: Verdict; readonly reached?: Reached }
  | { readonly ok: false; readonly violation: string; readonly verdict?: Verdict };

/** How far something that is not finite may go beside what reads it, and whether it did. */
export interface Reached {
  readonly may: string;
  readonly did: boolean;
}

export const HOLDS: Finding = { ok: true };

export function violated(violation: string): Finding {
  return { ok: false, violation };
}

export interface Law<Case extends LawCase = LawCase> {
  readonly name: string;
  /** One sentence: what equals what. */
  readonly states: string;
  /** Where the law comes from. */
  readonly source: string;
  readonly operators: readonly AnyOperator[];
  /** Forms that promise it bit for bit; all others within the sum of the two runs' bounds. */
  readonly exact: readonly Form[];
  cases(operator: AnyOperator): fc.Arbitrary<Case>;
  /** What a case adds to its spec, in words; empty when nothing. */
  describe?(example: Case): string;
  /** The problem that an implementation of this operator is given, where it is not simply the spec's. */
  own?(example: Case, operator: AnyOperator, dtype: Problem["dtype"]): Problem;
  /**
   * Undefined when the law says nothing about this case and implementation.
   * @throws Unsupported when the implementation does not take one of the problems
   */
  holds(example: Case, subject: Subject): Promise<Finding | undefined>;
}

// biome-ignore lint/suspicious/noExplicitAny: a law's cases are its own; runners only hand them back to it
export type AnyLaw = Law<any>;

/** Keeps the compiler's eye on the case type of one law. */
export function defineLaw<Case extends LawCase>(law: Law<Case>): Law<Case> {
  return law;
}

/** Every form there is: for laws that hold lane by lane, whatever the form. */
export const EVERY_FORM = FORMS;

/** Forms that never mix tokens through a transform. */
export const DIRECT_FORMS = EVERY_FORM.filter((form) => form !== "fft");
