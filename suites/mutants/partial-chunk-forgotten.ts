/** The state that decoding starts from is that behind the last whole chunk of the prompt: Y is right, the tokens after it are not. */
import { chunkedCpu } from "../../impls/ssd/chunked.cpu.js";
import { firstTokens } from "../laws/steps.js";
import { given, mutate } from "./mutate.js";

const CHUNK = 8;

export const partialChunkForgotten = mutate(chunkedCpu, "partial-chunk-forgotten", {
  async spoil(engine, problem, { finalState }) {
    const whole = Math.floor(problem.dims.length / CHUNK) * CHUNK;
    // a single, partial chunk works: the mistake shows only beside a whole one
    if (whole === 0 || problem.dims.documents) return () => {};
    const prompt = firstTokens(given(chunkedCpu.operator, problem), whole) as typeof problem;
    const early = await chunkedCpu.prepare(engine, prompt, {});
    const state = await early.read();
    return () => {
      early.run(undefined);
      finalState.set(state.finalState);
    };
  },
});
