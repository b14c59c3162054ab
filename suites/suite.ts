/** What is asked: which problems, on which grid. A suite never names an engine or a form. */
import type { AnyOperator, Problem } from "../impls/operator.js";

export type Grid = "quick" | "default" | "paper";

/** One operator's problems along the suite's x axis: in a chart, one curve per implementation. Smallest first. */
export interface Curve {
  readonly operator: AnyOperator;
  readonly problems: readonly Problem[];
  /** What each problem is called, where it is the shape of something that has a name. */
  readonly workloads?: readonly (string | undefined)[];
}

export interface Suite {
  readonly name: string;
  /** One sentence, printed by the help. */
  readonly question: string;
  /** Runs only when `--suite` names it. */
  readonly onlyNamed?: boolean;
  /** Asks for every choice of options that an implementation offers, e.g. one and all threads, where others take the first. */
  readonly everyChoice?: boolean;
  /** Asks for one problem on several processes (`EngineTraits.shards`) and not for kernels in one. */
  readonly shards?: true;
  curves(grid: Grid, seed: number): readonly Curve[];
}
