/** The selective scan with every operation rounded to float32: what kernels on other engines do (see ../ssd/float32.ts). */
import { f32Rounding } from "../../../impls/bound.js";
import { implementation } from "../../../impls/implementation.js";
import { selectiveScan } from "../../../impls/selective_scan/operator.js";

const f = Math.fround;

export const recurrentFloat32 = implementation(selectiveScan, "cpu", {
  form: "recurrent",
  source: "float32 for the test of the bound",
  rounding: () => f32Rounding(0),
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { u, delta, A, B, C, D, z, deltaBias, initialState } = engine.inputs(selectiveScan, problem);
    const outputs = engine.outputs(selectiveScan, problem);
    const width = heads * headDim;
    const isConstant = (name: "B" | "C") => problem.inputs[name]!.axes[0] !== "batch";
    return engine.prepared(selectiveScan, problem, outputs, () => {
      const S = outputs.finalState;
      S.set(initialState ?? new Float32Array(S.length));
      for (let token = 0; token < batch * length; token++)
        for (let d = 0; d < width; d++) {
          const i = token * width + d;
          const row = (token * groups + Math.floor(d / (width / groups))) * state;
          const raw = f(delta[i] + (deltaBias?.[d] ?? 0));
          const step = problem.settings.softplus && raw <= 20 ? f(Math.log1p(f(Math.exp(raw)))) : raw;
          const x = f(step * u[i]);
          let y = 0;
          for (let n = 0; n < state; n++) {
            const s = (Math.floor(token / length) * width + d) * state + n;
            const b = B[isConstant("B") ? d * state + n : row + n];
            const c = C[isConstant("C") ? d * state + n : row + n];
            S[s] = f(f(f(Math.exp(f(step * A[d * state + n]))) * S[s]) + f(x * b));
            y = f(y + f(S[s] * c));
          }
          if (D) y = f(y + f(D[d] * u[i]));
          if (z) y = f(y * f(z[i] / f(1 + f(Math.exp(-z[i])))));
          outputs.Y[i] = y;
        }
    });
  },
});
