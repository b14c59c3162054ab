/** What an op's file says about a golden case: problems of our operators with the outputs they must give, or why there are none. */
import type { AnyOperator, Problem } from "../../impls/operator.js";
import type { GoldenCase } from "./golden.js";

export interface GoldenProblem {
  readonly operator: AnyOperator;
  /** dtype f64, inputs as stored. */
  readonly problem: Problem;
  /** Expected outputs by our names, in C order of our axes; outputs without an entry have no golden values. */
  readonly expected: readonly {
    readonly golden: string;
    readonly output: string;
    readonly values: Float64Array;
  }[];
  /** The same with less left to the kernel, for implementations that decline this one. */
  readonly plainer?: GoldenProblem | undefined;
  /** What was done in front of it, in words; absent where the file's tensors are its inputs. */
  readonly prepared?: string;
}

export type Mapping = { readonly problems: readonly GoldenProblem[] } | { readonly skip: string };

/** One golden op. A later issue adds a file with one of these and names it in index.ts. */
export interface GoldenOp {
  readonly op: string;
  /** @throws an Error when the file contradicts its op (a missing tensor, other axes) */
  map(golden: GoldenCase): Mapping;
}
