/** Wrong by one part in ten thousand from token 300 on. */
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { mutate } from "./mutate.js";

const GOOD_TOKENS = 300;

export const longSequences = mutate(recurrentCpu, "long-sequences", {
  spoil(_engine, { dims }, { Y }) {
    const { length, heads, headDim } = dims;
    return () => {
      for (let i = 0; i < Y.length; i++)
        if (Math.floor(i / (heads * headDim)) % length >= GOOD_TOKENS) Y[i] *= 1.0001;
    };
  },
});
