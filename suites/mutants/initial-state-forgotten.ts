/** The initial state reaches the first chunk of 16 tokens only: the recurrence between chunks starts from zero. */

import type { Prepared } from "../../impls/prepared.js";
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { mutate, withInput } from "./mutate.js";

const CHUNK = 16;

export const initialStateForgotten = mutate(recurrentCpu, "initial-state-forgotten", {
  spoil(engine, problem, { Y, finalState }) {
    const { batch, length, heads, headDim } = problem.dims;
    const without = withInput(problem, "initialState", undefined);
    const zeroStart = recurrentCpu.prepare(engine, without as typeof problem, {}) as Prepared;
    const other = zeroStart.read() as Record<string, Float32Array>;
    const row = length * heads * headDim;
    const first = Math.min(CHUNK, length) * heads * headDim;
    return () => {
      if (length <= CHUNK) return;
      zeroStart.run(undefined);
      for (let b = 0; b < batch; b++)
        Y.set(other.Y.subarray(b * row + first, (b + 1) * row), b * row + first);
      finalState.set(other.finalState);
    };
  },
});
