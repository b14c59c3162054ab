/** Norm and gate on CUDA: a workgroup a token and group of channels. */
import { ROUNDOFF } from "../bound.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import { type RmsNormGated, rmsNormGated } from "./operator.js";

/** Parts of one program, in this order. */
const urls = [
  new URL("../recurrence/cuda/steps.cu", import.meta.url),
  new URL("./cuda/fused.cu", import.meta.url),
];

/** Workgroups that a grid may have along its second axis. */
const MOST_GROUPS = 65_535;

export const fusedCuda = implementation(rmsNormGated, "cuda", {
  form: "fused",
  source:
    "arXiv 1910.07467 (RMSNorm); arXiv 2405.21060, figure 6 (a norm behind the gate); rms_norm_ref of Mamba",
  dtypes: ["f32", "f16", "bf16"],
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -24,
    storage: dtype === "f32" ? 0 : ROUNDOFF[dtype],
    roundings: dtype === "f32" ? 0 : 1,
    longestSum: 0,
    decay: "segsum",
  }),
  prepare(engine, problem) {
    const { batch, length, groups } = problem.dims;
    const stage = engine.stage(rmsNormGated, problem);
    const rows = batch * length;
    const parameters = engine.pack([
      ...(["X", "weight", "bias", "z"] as const).map((name) => stage.input(name)),
      ...[stage.output("Y"), rows, groups, channelsOf(problem), { f32: problem.settings.eps }],
    ]);
    const source = fusedSource(problem);
    const blocks = [groups, Math.min(MOST_GROUPS, rows), 1] as const;
    stage.kernel(source, { blocks, threads: source.defines.THREADS }, [parameters]);
    return stage.prepared();
  },
  // the second look at a group's values mostly comes from a cache
  cost: (problem) => ({ ...rmsNormGated.cost(problem), dispatches: 1 }),
});

/** Channels that are normed together. */
function channelsOf({ dims }: Problem<RmsNormGated>): number {
  return (dims.heads / dims.groups) * dims.headDim;
}

/** The source of the launch, and the definitions it is compiled with. */
export function fusedSource(problem: Problem<RmsNormGated>) {
  const { inputs, settings, dtype } = problem;
  const channels = channelsOf(problem);
  return {
    libraries: ["elements"] as const,
    urls,
    entry: "norm_rows",
    plain: true,
    defines: {
      KIND: `KIND_${dtype}`,
      // a small group would leave most threads of a large workgroup without a channel
      THREADS: channels > 512 ? 256 : channels > 64 ? 128 : 32,
      HAS_BIAS: inputs.bias ? 1 : 0,
      GATE: inputs.z === undefined ? 0 : settings.normBeforeGate ? 2 : 1,
    },
  };
}
