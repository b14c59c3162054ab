/** Norm and gate on WebGPU: a workgroup a token and group of channels. */
import { implementation } from "../implementation.js";
import { rmsNormGated } from "./operator.js";

const url = new URL("./webgpu/fused.wgsl", import.meta.url);

/** Workgroups that a grid may have along one axis. */
const MOST_GROUPS = 65_535;

export const fusedWebgpu = implementation(rmsNormGated, "webgpu", {
  form: "fused",
  source:
    "arXiv 1910.07467 (RMSNorm); arXiv 2405.21060, figure 6 (a norm behind the gate); rms_norm_ref of Mamba",
  dtypes: ["f32", "f16"],
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: 0,
    decay: "segsum",
  }),

  async prepare(engine, problem) {
    const { heads, groups, headDim } = problem.dims;
    const { normBeforeGate, eps } = problem.settings;
    const size = (heads / groups) * headDim;
    // a small group would leave most threads of a large workgroup without a channel
    const THREADS = size > 64 ? 128 : 32;
    const stage = engine.stage(rmsNormGated, problem);
    for (const window of stage.windows) {
      const inputs = await stage.inputs(window, "X", "weight", "bias", "z");
      const rows = window.batches * window.tokens;
      const gate = inputs.z ? [normBeforeGate ? "gateLast" : "gateFirst"] : [];
      await stage.kernel(
        {
          url,
          flags: [...(inputs.bias ? ["bias"] : []), ...(inputs.z ? ["z"] : []), ...gate],
          constants: { THREADS },
        },
        { size: { rows, groups, channels: size, eps }, ...inputs, Y: stage.output("Y", window) },
        [groups, Math.min(MOST_GROUPS, rows), 1],
      );
    }
    return stage.prepared();
  },

  // the second look at a group's values mostly comes from a cache
  cost: (problem) => ({ ...rmsNormGated.cost(problem), dispatches: 1 }),
});
