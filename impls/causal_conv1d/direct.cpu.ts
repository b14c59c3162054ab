/** The sum as it stands, a token after another: each tap adds a row of inputs to a row of sums. */
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { causalConv1d } from "./operator.js";

export const directCpu = implementation(causalConv1d, "cpu", {
  form: "direct",
  source: "arXiv 2312.00752, section 3.4 (the convolution of a Mamba block); causal_conv1d_ref of Dao-AILab",
  rounding: () => hostRounding(0, 1),
  prepare(engine, problem) {
    const { batch, length, heads, headDim, width, past } = problem.dims;
    const { X, weight, bias, initialState, documents } = engine.inputs(causalConv1d, problem);
    const outputs = engine.outputs(causalConv1d, problem);
    const { Y, finalState } = outputs;
    const channels = heads * headDim;
    const sums = new Float64Array(channels);
    /** A tap's weights side by side. */
    const taps = new Float32Array(width * channels);
    /** The tokens before the first one, as rows. */
    const before = new Float32Array(past * channels);

    return engine.prepared(causalConv1d, problem, outputs, () => {
      transpose(weight, channels, width, 0, taps);
      for (let b = 0; b < batch; b++) {
        if (initialState) transpose(initialState, channels, past, b * channels * past, before);
        const ids = documents?.subarray(b * length, (b + 1) * length);
        for (let t = 0; t < length; t++) {
          // 1. bias, then the taps that reach no other document
          if (bias) sums.set(bias);
          else sums.fill(0);
          for (let back = reach(ids, t, past); back >= 0; back--) {
            const [rows, row] = t < back ? [before, past + t - back] : [X, b * length + t - back];
            addTap(sums, taps, (past - back) * channels, rows, row * channels);
          }
          // 2. SiLU
          const y = (b * length + t) * channels;
          if (problem.settings.silu) for (let c = 0; c < channels; c++) Y[y + c] = silu(sums[c]);
          else Y.set(sums, y);
        }
        // 3. the last inputs, for whoever goes on from here
        const kept = reach(ids, length - 1, past);
        for (let j = 0; j < past; j++) {
          const back = past - 1 - j;
          const [rows, row] =
            length - 1 < back ? [before, past + length - 1 - back] : [X, (b + 1) * length - 1 - back];
          for (let c = 0; c < channels; c++)
            finalState[(b * channels + c) * past + j] = back > kept ? 0 : rows[row * channels + c];
        }
      }
    });
  },
});

/** How many tokens before `t` belong to its document, at most `past`; those before the first one belong to document 0. */
function reach(ids: Float32Array | undefined, t: number, past: number): number {
  if (!ids) return past;
  let back = 0;
  while (back < past && (t - back - 1 < 0 ? 0 : ids[t - back - 1]) === ids[t]) back++;
  return back;
}

function addTap(
  sums: Float64Array,
  taps: Float32Array,
  tap: number,
  rows: Float32Array,
  first: number,
): void {
  for (let c = 0; c < sums.length; c++) sums[c] += taps[tap + c] * rows[first + c];
}

/** (channel, j) from `first` on to (j, channel). */
function transpose(
  from: Float32Array,
  channels: number,
  columns: number,
  first: number,
  to: Float32Array,
): void {
  for (let c = 0; c < channels; c++)
    for (let j = 0; j < columns; j++) to[j * channels + c] = from[first + c * columns + j];
}

function silu(v: number): number {
  return v / (1 + Math.exp(-v));
}
