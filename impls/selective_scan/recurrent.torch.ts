/** The recurrence as a loop of torch ops: what a fused scan is held against ("Scan (PyTorch)" without its memory). */
import { CAPTURED_UP_TO, f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { selectiveScan } from "./operator.js";

/** Elements of states that a block of tokens holds on a GPU, in torch/recurrent.py. */
const BLOCK = 2 ** 24;

export const recurrentTorch = torchPeers(selectiveScan, {
  form: "recurrent",
  takes: ["documents"],
  source: "arXiv 2312.00752, equation (2); one addcmul a token",
  file: new URL("./torch/recurrent.py", import.meta.url),
  replays: ["graph"],
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  // everything is computed in f32 and stored once; D and the gate work on f32 too
  rounding: ({ dtype }) => torchRounding(dtype, 0, 1),
  unsupported: ({ dims: { length } }, { make }) =>
    make === "graph" && length > CAPTURED_UP_TO
      ? `a graph of one node a token is captured up to ${CAPTURED_UP_TO} tokens, got length=${length}`
      : undefined,
  scratchBytes: ({ dims: { batch, length, heads, headDim, state } }) => {
    const states = Math.min(batch * length * heads * headDim * state, BLOCK);
    return 3 * f32Bytes(states) + 4 * f32Bytes(batch, length, heads, headDim);
  },
  timed: ({ dtype }) => (dtype === "f32" ? "" : "computed in f32"),
});
