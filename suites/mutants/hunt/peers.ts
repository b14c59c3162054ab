/** Rules by which other projects accept a kernel, as a yardstick: how many mutants would each let live? */

/** One output of one run. */
export interface Outcome {
  readonly got: ArrayLike<number>;
  readonly wanted: ArrayLike<number>;
  /** The same problem on the healthy implementation. */
  readonly healthy: ArrayLike<number>;
}

export interface Rule {
  readonly name: string;
  /** Whose tests judge by it. */
  readonly source: string;
  accepts(outcome: Outcome): boolean;
}

const ABSOLUTE = 3e-3;
const RELATIVE = 1e-2;
const RATIO = 5e-3;
/** Below it the ratio is not looked at. */
const TINY = 1e-6;
const TIMES = 2;

/** Equal infinities differ by nothing; a NaN differs from everything. */
function error(got: number, wanted: number): number {
  return got === wanted ? 0 : Math.abs(got - wanted);
}

function largest({ wanted }: Outcome, of: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < wanted.length; i++) {
    const own = error(of[i], wanted[i]);
    if (Number.isNaN(own)) return Number.NaN;
    most = Math.max(most, own);
  }
  return most;
}

function rootMeanSquare(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ** 2;
  return Math.sqrt(sum / Math.max(1, values.length));
}

export const rules: readonly Rule[] = [
  {
    name: "allclose, 1e-2 relative and 3e-3 absolute",
    source: "tests of selective_scan and of SSD's kernels in state-spaces/mamba",
    accepts({ got, wanted }) {
      for (let i = 0; i < wanted.length; i++)
        if (!(error(got[i], wanted[i]) <= ABSOLUTE + RELATIVE * Math.abs(wanted[i])) && got[i] !== wanted[i])
          return false;
      return true;
    },
  },
  {
    name: "RMS of the error at most 5e-3 of the RMS",
    source: "assert_close of flash-linear-attention",
    accepts(outcome) {
      const { got, wanted } = outcome;
      if (largest(outcome, got) <= TINY) return true;
      const errors = Float64Array.from(wanted, (value, i) => error(got[i], value));
      return rootMeanSquare(errors) <= RATIO * rootMeanSquare(wanted);
    },
  },
  {
    name: "largest error at most twice a plain implementation's",
    source: "tests of Dao-AILab/flash-attention; the healthy kernel stands for the plain one",
    accepts: (outcome) => largest(outcome, outcome.got) <= TIMES * largest(outcome, outcome.healthy),
  },
];
