/** Section 3: state space models are structured matrices. */
import { givenProblem } from "../../impls/operator.js";
import { hashAt, streamKeys } from "../../impls/random.js";
import { selectiveScan } from "../../impls/selective_scan/operator.js";
import { generators, semiseparable } from "./cases.js";
import { FLOAT64, over, ssdProblem, worstRatio } from "./dense.js";
import type { Forms } from "./forms.js";
import { frobenius, lowerBlock, matrix, oneSemiseparable, product, singularValues } from "./matrices.js";
import { type AnyStatement, defineStatement } from "./statement.js";

/** Runs the SSM on the unit vectors: Y is its matrix. Rounding adds E to it, which moves no singular value by more than ||E||_F (Weyl). */
export const ssmIsSemiseparable = defineStatement({
  name: "ssm-is-semiseparable",
  section: "3.3, theorem 3.5",
  says: "Every block on and below the diagonal of an SSM's matrix has rank N at most, the size of the state",
  of: ["ssd/recurrent"],
  cases: () => semiseparable({ length: 20 }),
  async ratio(example, { run }) {
    const { length, rank } = example;
    const unitVectors = matrix(length, length, (i, j) => (i === j ? 1 : 0)).data;
    const { values, bounds } = await run("ssd/recurrent", ssdProblem(generators(example), unitVectors));
    const [M, errors] = [values.Y, bounds.Y.certified].map((data) =>
      matrix(length, length, (i, j) => data[i * length + j]),
    );
    let worst = 0;
    for (let top = 0; top < length; top++) {
      const singular = singularValues(lowerBlock(M, top, top));
      if (singular.length <= rank) continue;
      const bound = frobenius(lowerBlock(errors, top, top)) + 16 * length * FLOAT64 * singular[0];
      worst = Math.max(worst, over(singular[rank], bound));
    }
    return worst;
  },
});

/** The other way of the theorem: M[t, s] = C_t^T A_t ... A_(s+1) B_s of random diagonal A_t, written down and multiplied. */
export const sequentiallySemiseparable = defineStatement({
  name: "sss-is-an-ssm",
  section: "3.2.1, definition 3.2; theorem 3.5",
  says: "A matrix made of random sequentially semiseparable generators is applied by the SSM that they are",
  of: ["selective_scan/recurrent"],
  cases: () => semiseparable({ length: 24, state: 5 }),
  async ratio(example, { run }) {
    const { length, state, channels, seed } = example;
    const { logA, B, C, X } = generators(example);
    // delta_t A_n: a decay for every token and column of the state
    const delta = logA.map((value) => (value === Number.NEGATIVE_INFINITY ? 1e4 : -value));
    const keys = streamKeys(seed, "A");
    const A = Float64Array.from({ length: state }, (_, n) => -(1 + (hashAt(keys, 0, n) & 3)) / 2);
    const decays = matrix(length, state, (t, n) => Math.exp(delta[t] * A[n]));
    const M = matrix(length, length, (t, s) => {
      let sum = 0;
      for (let n = 0; n < state && s <= t; n++) {
        let decay = delta[s];
        for (let r = s + 1; r <= t; r++) decay *= decays.data[r * state + n];
        sum += C[t * state + n] * decay * B[s * state + n];
      }
      return sum;
    });
    const everyChannel = (values: Float64Array) =>
      Float64Array.from({ length: channels * values.length }, (_, i) => values[i % values.length]);
    const problem = givenProblem(selectiveScan, {
      dims: { batch: 1, length, heads: 1, groups: 1, headDim: channels, state },
      inputs: {
        u: X,
        delta: Float64Array.from(X, (_, i) => delta[Math.floor(i / channels)]),
        A: everyChannel(A),
        B,
        C,
      },
    });
    const Y = product(M, { rows: length, columns: channels, data: X });
    return worstRatio(await run("selective_scan/recurrent", problem), "Y", Y.data);
  },
});

/** N = 1 and B = C = 1: y_t = a_t y_(t-1) + x_t, the scalar SSM recurrence. */
export const cumulativeProductSum = defineStatement({
  name: "scalar-recurrence",
  section: "3.2.2, equation 7",
  says: "The scalar recurrence y_t = a_t y_(t-1) + x_t is multiplication by the 1-semiseparable matrix of a",
  of: ["ssd/recurrent"],
  cases: () => semiseparable({ state: 1 }),
  async ratio(example, { run }) {
    const { logA, a, X } = generators(example);
    const ones = new Float64Array(example.length).fill(1);
    const Y = product(oneSemiseparable(a), { rows: example.length, columns: example.channels, data: X });
    const problem = ssdProblem({ logA, B: ones, C: ones }, X);
    return worstRatio(await run("ssd/recurrent", problem), "Y", Y.data);
  },
});

/** Below it the mask is cut to 0: no float32 result can tell. */
const NEGLIGIBLE = 1e-37;

export const maskIsSegsum = defineStatement({
  name: "mask-is-segsum",
  section: "3.2.2; listing 1",
  says: "Each entry of the mask is the product of the decays from s + 1 to t, that is exp of their segment sum",
  of: ["mask"],
  cases: () => semiseparable(),
  async ratio(example, forms) {
    const { logA } = generators(example);
    const { length } = example;
    const L = maskOf(forms, logA.map(Math.exp));
    let worst = 0;
    for (let t = 0; t < length; t++) {
      for (let s = 0; s < length; s++) {
        let sum = s > t ? Number.NEGATIVE_INFINITY : 0;
        // how far exp(sum) is off: each addition errs by its result, each factor of the product and exp by their own roundoff
        let slack = 4;
        for (let r = s + 1; r <= t; r++) {
          sum += logA[r];
          slack += 4 + Math.abs(sum);
        }
        const wanted = Math.exp(sum);
        const bound = wanted === 0 ? NEGLIGIBLE : wanted * slack * FLOAT64 + NEGLIGIBLE;
        worst = Math.max(worst, over(Math.abs(L.data[t * length + s] - wanted), bound));
      }
    }
    return worst;
  },
});

export const inverseIsBidiagonal = defineStatement({
  name: "inverse-is-bidiagonal",
  section: "3.2.2",
  says: "The inverse of a 1-semiseparable matrix has ones on the diagonal, -a_t below it, and nothing else",
  of: ["mask"],
  cases: () => semiseparable(),
  async ratio(example, forms) {
    const { a } = generators(example);
    const { length } = example;
    const L = maskOf(forms, a);
    const inverse = matrix(length, length, (t, s) => (t === s ? 1 : t === s + 1 ? -a[t] : 0));
    let worst = 0;
    // (L^-1 L)[t, s] = L[t, s] - a_t L[t-1, s]
    product(inverse, L).data.forEach((value, i) => {
      const [t, s] = [Math.floor(i / length), i % length];
      const bound = (length + 2) * FLOAT64 * L.data[i] + 2 * NEGLIGIBLE;
      worst = Math.max(worst, over(Math.abs(value - (t === s ? 1 : 0)), bound));
    });
    return worst;
  },
});

/** All rows of the mask, as the quadratic forms make them one after another. */
function maskOf({ nextMaskRow }: Forms, a: Float64Array) {
  const row = new Float64Array(a.length);
  const rows = Array.from(a, (decay, t) => {
    nextMaskRow(row, t, decay);
    return row.slice();
  });
  return matrix(a.length, a.length, (t, s) => rows[t][s]);
}

export const section3: readonly AnyStatement[] = [
  sequentiallySemiseparable,
  cumulativeProductSum,
  maskIsSegsum,
  inverseIsBidiagonal,
  ssmIsSemiseparable,
];
