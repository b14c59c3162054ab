/** Computes floor(length / 64) chunks: what is left over after the last whole chunk stays zero. */
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { mutate } from "./mutate.js";

const CHUNK = 64;

export const lastChunkDropped = mutate(recurrentCpu, "last-chunk-dropped", {
  spoil(_engine, { dims }, { Y }) {
    const { batch, length, heads, headDim } = dims;
    const row = length * heads * headDim;
    const done = Math.floor(length / CHUNK) * CHUNK * heads * headDim;
    return () => {
      // a single, partial chunk works: the mistake shows only beside a whole one
      if (done > 0) for (let b = 0; b < batch; b++) Y.fill(0, b * row + done, (b + 1) * row);
    };
  },
});
