/** The sum as it stands on CUDA: a thread some channels and a run of tokens, whose last inputs stay in registers. */
import { ROUNDOFF } from "../bound.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import { type CausalConv1d, causalConv1d } from "./operator.js";

/** Parts of one program, in this order. */
const urls = [
  new URL("../recurrence/cuda/steps.cu", import.meta.url),
  new URL("./cuda/direct.cu", import.meta.url),
];

/** Tokens of a run, those that a thread has on their way, and threads of a workgroup. */
const SPAN = 32;
const AHEAD = 8;
const THREADS = 128;

export const directCuda = implementation(causalConv1d, "cuda", {
  form: "direct",
  takes: ["documents"],
  source: "arXiv 2312.00752, section 3.4 (the convolution of a Mamba block); causal_conv1d_ref of Dao-AILab",
  dtypes: ["f32", "f16", "bf16"],
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -24,
    storage: dtype === "f32" ? 0 : ROUNDOFF[dtype],
    roundings: dtype === "f32" ? 0 : 1,
    longestSum: 0,
    decay: "segsum",
  }),
  prepare(engine, problem) {
    const { batch, length, heads, headDim } = problem.dims;
    const channels = heads * headDim;
    const stage = engine.stage(causalConv1d, problem);
    const names = ["X", "weight", "bias", "initialState", "documents"] as const;
    const parameters = engine.pack([
      ...names.map((name) => stage.input(name)),
      ...[stage.output("Y"), stage.output("finalState", "f32"), batch, length, channels],
    ]);
    const filter = directSource(problem, "filter");
    const places = (channels / filter.defines.EACH) * Math.ceil(length / SPAN);
    stage.kernel(filter, { blocks: [Math.ceil(places / THREADS), batch, 1], threads: THREADS }, [parameters]);
    const blocks = [Math.ceil(channels / THREADS), 1, batch] as const;
    stage.kernel(directSource(problem, "finish"), { blocks, threads: THREADS }, [parameters]);
    return stage.prepared();
  },
  // a run reads the tokens before it again
  cost: (problem) => {
    const { flops, bytes } = causalConv1d.cost(problem);
    const { batch, length, heads, headDim, past } = problem.dims;
    const again = Math.floor((length - 1) / SPAN) * past * batch * heads * headDim;
    return { flops, bytes: bytes + again * (problem.dtype === "f32" ? 4 : 2), dispatches: 2 };
  },
});

/** The source of one launch, and the definitions it is compiled with. */
export function directSource(
  { dims, inputs, settings, dtype }: Problem<CausalConv1d>,
  entry: "filter" | "finish",
) {
  const flag = (holds: boolean) => (holds ? 1 : 0);
  // sixteen bytes a thread where rows are whole pieces of them
  const piece = dtype === "f32" ? 4 : 8;
  const wide = (dims.heads * dims.headDim) % piece === 0;
  return {
    libraries: ["elements"] as const,
    urls,
    entry,
    plain: true,
    defines: {
      KIND: `KIND_${dtype}`,
      WIDTH: dims.width,
      SPAN,
      EACH: wide ? piece : 1,
      AHEAD,
      HAS_BIAS: flag(inputs.bias !== undefined),
      HAS_INITIAL: flag(inputs.initialState !== undefined),
      DOCUMENTS: flag(inputs.documents !== undefined),
      SILU: flag(settings.silu),
      ENTRY_FILTER: flag(entry === "filter"),
      ENTRY_FINISH: flag(entry === "finish"),
    },
  };
}
