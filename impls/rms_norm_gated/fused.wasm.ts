/** Norm and gate in WebAssembly: lanes are channels of a group, tasks are runs of tokens. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { rmsNormGated } from "./operator.js";

/** In the order of class Args in fused.as.ts. */
const fields = [
  "X",
  "weight",
  "bias",
  "z",
  "Y",
  "rows",
  "channels",
  "size",
  "normBeforeGate",
  "eps",
  "span",
] as const;

/** Tokens a task takes. */
const SPAN = 32;

const word = new DataView(new ArrayBuffer(4));

export const fusedWasm = implementation(rmsNormGated, "wasm", {
  form: "fused",
  source:
    "arXiv 1910.07467 (RMSNorm); arXiv 2405.21060, figure 6 (a norm behind the gate); rms_norm_ref of Mamba",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, groups, headDim } = problem.dims;
    const room = engine.room(rmsNormGated, problem);
    word.setFloat32(0, problem.settings.eps);
    const args = room.words(fields, {
      ...(room.address as Record<(typeof fields)[number], number>),
      rows: batch * length,
      channels: heads * headDim,
      size: (heads / groups) * headDim,
      normBeforeGate: problem.settings.normBeforeGate ? 1 : 0,
      eps: word.getInt32(0),
      span: SPAN,
    });
    return engine.prepared(room, {
      kernel: new URL("./wasm/fused.as.ts", import.meta.url),
      entries: ["norm"],
      threads,
      scratchBytes: 0,
      run: (dispatch) => dispatch("norm", args.address, Math.ceil((batch * length) / SPAN)),
    });
  },
});
