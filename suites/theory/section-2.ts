/** Section 2: structured state space models. With constant parameters they are convolutions. */
import { convolution } from "../../impls/convolution/operator.js";
import { givenProblem } from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/operator.js";
import { generators, semiseparable } from "./cases.js";
import { largestRatio } from "./dense.js";
import { type AnyStatement, defineStatement } from "./statement.js";

/** s_n <- pole_n s_n + B_n u, y = sum_n C_n s_n is the convolution of u with K_j = sum_n C_n pole_n^j B_n. */
export const ltiIsConvolution = defineStatement({
  name: "lti-is-convolution",
  section: "2.1",
  says: "A recurrence with constant parameters is the convolution with its impulse response",
  of: ["selective_scan/recurrent", "convolution/fft"],
  cases: () => semiseparable({ length: 32 }),
  async ratio(example, { run }) {
    // the parameters of its first token, for ever
    const { logA, B, C, X } = generators(example);
    const { length, state, channels } = example;
    const rates = Float64Array.from({ length: channels * state }, (_, i) =>
      Math.max(Math.fround(logA[i % length]), -1e4),
    );
    const [b, c] = [B, C].map((rows) => Float64Array.from(rates, (_, i) => rows[i % state]));
    const dims = { batch: 1, length, heads: 1, headDim: channels };
    const scanned = await run(
      "selective_scan/recurrent",
      givenProblem(selectiveScan, {
        dims: { ...dims, groups: 1, state },
        inputs: { u: X, delta: new Float64Array(X.length).fill(1), A: rates, B: b, C: c },
        layouts: { B: CONSTANT, C: CONSTANT },
      }),
    );
    // (channel, j); rounded to the grid that a convolution gets
    const K = new Float64Array(channels * length);
    for (let p = 0; p < channels; p++) {
      for (let j = 0; j < length; j++) {
        for (let n = 0; n < state; n++) {
          const i = p * state + n;
          K[p * length + j] += c[i] * Math.exp(j * rates[i]) * b[i];
        }
      }
    }
    const convolved = await run("convolution/fft", givenProblem(convolution, { dims, inputs: { u: X, K } }));
    // what rounding K to float32 may change: |K_j| |u_(t-j)| an element
    const rounded = Float64Array.from(X, (_, i) => {
      const [t, p] = [Math.floor(i / channels), i % channels];
      let sum = 0;
      for (let j = 0; j <= t; j++) sum += Math.abs(K[p * length + j] * X[(t - j) * channels + p]);
      return 2 ** -24 * sum;
    });
    const bound = rounded.map(
      (own, i) => own + scanned.bounds.Y.certified[i] + convolved.bounds.Y.certified[i],
    );
    return largestRatio(convolved.values.Y, scanned.values.Y, bound);
  },
});

const CONSTANT = ["heads", "headDim", "state"];

export const section2: readonly AnyStatement[] = [ltiIsConvolution];
