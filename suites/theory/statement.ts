/** A statement of the paper as a property that runs: what it says, of which code, and how far a case is from it. */
import type * as fc from "fast-check";
import type { Code, Forms } from "./forms.js";

export interface Statement<Case = unknown> {
  readonly name: string;
  /** Where the paper (arXiv 2405.21060) has it. */
  readonly section: string;
  /** One sentence. */
  readonly says: string;
  /** What it runs: a fault in this code breaks it, one elsewhere does not. */
  readonly of: readonly Code[];
  cases(): fc.Arbitrary<Case>;
  /** The largest error over its bound: at most 1 where the statement holds. */
  ratio(example: Case, forms: Forms): Promise<number>;
}

// biome-ignore lint/suspicious/noExplicitAny: a statement's cases are its own; runners only hand them back to it
export type AnyStatement = Statement<any>;

/** Keeps the compiler's eye on the case type of one statement. */
export function defineStatement<Case>(statement: Statement<Case>): Statement<Case> {
  return statement;
}
