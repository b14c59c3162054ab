/** The linear order: Z = K V^T of a token joins the state H = L Z, which decays; Y = Q H. Nothing is as long as the sequence. */
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { maskedAttention } from "./operator.js";

export const linearCpu = implementation(maskedAttention, "cpu", {
  form: "linear",
  source:
    "arXiv 2405.21060, definition 4.1 (structured masked attention), linear mode: Z, H, Y; H by the recurrence of a 1-semiseparable mask",
  // the state is kept in float64
  rounding: ({ dims }) => hostRounding(dims.length, 1),
  unsupported: ({ inputs }) =>
    inputs.m ? "needs a 1-semiseparable mask (no m): a Toeplitz one has no state of fixed size" : undefined,
  prepare(engine, problem) {
    const { batch, length, heads, headDim, headDimV } = problem.dims;
    const { Q, K, V, logGamma, logA } = engine.inputs(maskedAttention, problem);
    const outputs = engine.outputs(maskedAttention, problem);
    const { Y } = outputs;
    const H = new Float64Array(headDim * headDimV);
    const y = new Float64Array(headDimV);

    return engine.prepared(maskedAttention, problem, outputs, () => {
      for (let b = 0; b < batch; b++) {
        for (let h = 0; h < heads; h++) {
          H.fill(0);
          for (let t = 0; t < length; t++) {
            const row = (b * length + t) * heads + h;
            const decay = Math.exp((logA?.[row] ?? 0) + (logGamma?.[h] ?? 0));
            // 1. and 2. H <- decay H + k v^T; the first token has nothing to decay
            addOuter(H, t === 0 ? 0 : decay, K, row * headDim, V, row * headDimV, headDimV);
            // 3. y = q H
            y.fill(0);
            for (let n = 0; n < headDim; n++) addRow(y, Q[row * headDim + n], H, n * headDimV);
            Y.set(y, row * headDimV);
          }
        }
      }
    });
  },
});

/** Below it nothing reaches a float32 any more, and float64 becomes denormal and slow. */
const NEGLIGIBLE = 1e-60;

function addOuter(
  H: Float64Array,
  decay: number,
  K: Float32Array,
  k0: number,
  V: Float32Array,
  v0: number,
  headDimV: number,
): void {
  for (let i = 0, n = k0; i < H.length; n++) {
    const k = K[n];
    for (let e = v0; e < v0 + headDimV; e++, i++) {
      const kept = decay === 0 ? 0 : H[i] * decay;
      H[i] = (Math.abs(kept) < NEGLIGIBLE ? 0 : kept) + k * V[e];
    }
  }
}

function addRow(y: Float64Array, q: number, H: Float64Array, first: number): void {
  for (let e = 0; e < y.length; e++) y[e] += q * H[first + e];
}
