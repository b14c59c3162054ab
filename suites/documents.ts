/** Packed documents: a row of one total, cut evenly or into one long and many short documents, beside the row as one sequence. */
import { attention } from "../impls/attention/index.js";
import { type Packing, packedDocuments } from "../impls/documents.js";
import { selectiveScan } from "../impls/selective_scan/index.js";
import { ssd } from "../impls/ssd/index.js";
import { GRIDS, gridProblem, LENGTH, STATE } from "./grids.js";
import type { Suite } from "./suite.js";

const PACKINGS: readonly Packing[] = ["even", "skewed"];
/** Few heads leave a processor's threads idle; the quick grid keeps its one, so that tensor ops too end in its time. */
const HEADS = 8;

export const documents: Suite = {
  name: "documents",
  question: `What does it cost to pack documents, evenly or one long and many short, at state ${STATE}?`,
  onlyNamed: true,
  curves(grid, seed) {
    const shape = { ...GRIDS[grid], ...(grid === "default" ? { heads: HEADS } : {}) };
    const [length, counts] = grid === "quick" ? [1024, [8, 64]] : [LENGTH, [4, 16, 64, 256]];
    return shape.dtypes.flatMap((dtype) =>
      [ssd, selectiveScan, attention].map((operator) => {
        const whole = gridProblem(operator, shape, { length, state: STATE, dtype, seed });
        const packed = PACKINGS.flatMap((packing) =>
          counts.map((count) => ({
            ...whole,
            inputs: { ...whole.inputs, documents: packedDocuments(packing, shape.batch, length, count) },
          })),
        );
        return { operator, problems: [whole, ...packed] };
      }),
    );
  },
};
