/**
 * The chunked form of state space duality in plain TypeScript (arXiv 2405.21060, section 6).
 *
 * What it computes, token by token: S_t = exp(logA_t) S_(t-1) + dt_t x_t B_t^T, Y_t = S_t C_t.
 * Axes: X (b t h p), logA and dt (b t h), B and C (b t g n), Y (b t h p), finalState (b h p n).
 */
import { f32Rounding, implementation, ssd } from "dualbench";

const CHUNK = 16;

export default implementation(ssd, "cpu", {
  form: "chunked",
  source: "arXiv 2405.21060, listing 1",
  options: () => [{ chunk: CHUNK }],
  // float32 throughout, no sum over more tokens than a chunk: the error bound follows from it
  rounding: () => f32Rounding(CHUNK),
  unsupported({ inputs }) {
    const further = ["D", "z", "initialState"].find((name) => name in inputs);
    return further && `takes no ${further}`;
  },

  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { X, logA, dt, B, C } = engine.inputs(ssd, problem); // Float32Array each, C order
    const outputs = engine.outputs(ssd, problem);
    const { Y, finalState } = outputs;
    /** Of the tokens of a chunk: what each adds to the one at hand. */
    const weights = new Float64Array(CHUNK);

    function runHead(b: number, h: number): void {
      // head h reads the group of B and C that it belongs to
      const group = Math.floor((h * groups) / heads);
      const states = finalState.subarray((b * heads + h) * headDim * state).subarray(0, headDim * state);
      states.fill(0);
      for (let start = 0; start < length; start += CHUNK) {
        const size = Math.min(CHUNK, length - start);
        const at = (q: number) => b * length + start + q;
        const step = (q: number) => (dt ? dt[at(q) * heads + h] : 1);
        const decay = (q: number) => Math.exp(logA[at(q) * heads + h]);
        const row = (q: number) => (at(q) * groups + group) * state;
        const channels = (q: number) => (at(q) * heads + h) * headDim;

        for (let t = 0; t < size; t++) {
          // 1. within the chunk: exp of the sum of log decays over (s, t] times C_t . B_s
          let carried = 1;
          for (let s = t; s >= 0; s--) {
            weights[s] = carried * step(s) * dot(C, row(t), B, row(s), state);
            carried *= decay(s);
          }
          for (let p = 0; p < headDim; p++) {
            // 4. and from the state that entered the chunk
            let y = carried * dot(C, row(t), states, p * state, state);
            for (let s = 0; s <= t; s++) y += weights[s] * X[channels(s) + p];
            Y[channels(t) + p] = y;
          }
        }

        // 2. what the chunk adds, decayed to its end
        let toEnd = 1;
        for (let s = size - 1; s >= 0; s--) {
          weights[s] = toEnd * step(s);
          toEnd *= decay(s);
        }
        // 3. from chunk to chunk: S <- exp(sum of logA) S + what the chunk added
        for (let p = 0; p < headDim; p++)
          for (let n = 0; n < state; n++) {
            let sum = toEnd * states[p * state + n];
            for (let s = 0; s < size; s++) sum += weights[s] * X[channels(s) + p] * B[row(s) + n];
            states[p * state + n] = sum;
          }
      }
    }

    return engine.prepared(ssd, problem, outputs, () => {
      for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) runHead(b, h);
    });
  },
});

function dot(a: Float32Array, i: number, b: Float32Array, j: number, count: number): number {
  let sum = 0;
  for (let n = 0; n < count; n++) sum += a[i + n] * b[j + n];
  return sum;
}
