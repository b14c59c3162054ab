/** How time goes with the chunk length, on every engine that takes more than one: where the search for the fastest must look. */
import { ssd } from "../impls/ssd/operator.js";
import { gridProblem, LENGTH, STATE } from "./grids.js";
import type { Suite } from "./suite.js";

const HEADS = 8;
/** From a few tokens to the lengths that matrix units like; tiles are whole in all of them. */
const CHUNKS = [8, 12, 16, 24, 32, 48, 64, 96, 128, 256];

export const chunks: Suite = {
  name: "chunks",
  question: `Which chunk length is fastest, at ${HEADS} heads and state ${STATE}?`,
  onlyNamed: true,
  chunks: CHUNKS,
  curves(grid, seed) {
    const length = grid === "quick" ? 1024 : LENGTH;
    const shape = { batch: 1, heads: HEADS, headDim: 64, lengths: [], states: [], dtypes: ["f32"] } as const;
    return [
      {
        operator: ssd,
        problems: [gridProblem(ssd, shape, { length, state: STATE, dtype: "f32", seed })],
      },
    ];
  },
};
