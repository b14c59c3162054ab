/** One token a step: its time over the tokens before it, and over the sequences that take it together. */
import { attentionDecode } from "../impls/attention_decode/index.js";
import { selectiveScanDecode } from "../impls/selective_scan_decode/index.js";
import { ssdDecode } from "../impls/ssd_decode/index.js";
import { doubling, GRIDS, gridProblem, STATE } from "./grids.js";
import type { Grid, Suite } from "./suite.js";

/** Fewer leave a step so short that starting it is most of its time; the quick grid has no time for as many. */
const HEADS: Readonly<Record<Grid, number>> = { quick: 4, default: 8, paper: 16 };

interface Sizes {
  readonly contexts: readonly number[];
  readonly batches: readonly number[];
  /** Tokens before the step of a batch: one of `contexts`. Caches of 64 sequences with more of them fill a small machine's memory. */
  readonly context: number;
}

const WHOLE: Sizes = { contexts: doubling(512, 524288), batches: doubling(2, 64), context: 1024 };
const SIZES: Readonly<Record<Grid, Sizes>> = {
  quick: { contexts: [512, 2048, 8192], batches: [8, 64], context: 512 },
  default: WHOLE,
  paper: WHOLE,
};

export const decode: Suite = {
  name: "decode",
  question: `What does a token cost after 512 to 524,288 others, and for 1 to 64 sequences together, at state ${STATE}?`,
  onlyNamed: true,
  curves(grid, seed) {
    const { contexts, batches, context } = SIZES[grid];
    const shape = { ...GRIDS[grid], heads: HEADS[grid] };
    return shape.dtypes.flatMap((dtype) =>
      [ssdDecode, selectiveScanDecode, attentionDecode].flatMap((operator) => {
        const after = (length: number, batch = shape.batch) =>
          gridProblem(operator, { ...shape, batch }, { length, state: STATE, dtype, seed });
        return [
          { operator, problems: contexts.map((length) => after(length)) },
          { operator, problems: batches.map((batch) => after(context, batch)) },
        ];
      }),
    );
  },
};
