/** Section 6: the block decomposition that SSD computes with. */
import fc from "fast-check";
import { generators, semiseparable } from "./cases.js";
import { largestRatio, ssdProblem, ssmMatrix, worstRatio } from "./dense.js";
import { oneSemiseparable, product } from "./matrices.js";
import { type AnyStatement, defineStatement } from "./statement.js";

const chunked = (length: number) =>
  fc.record({ example: semiseparable({ length }), chunk: fc.integer({ min: 1, max: length + 1 }) });

export const blocksAreTheMatrix = defineStatement({
  name: "blocks-are-the-matrix",
  section: "6.1, 6.2",
  says: "Diagonal blocks as attention and lower blocks through chunk states give the whole product, for any chunk",
  of: ["ssd/chunked"],
  cases: () => chunked(40),
  async ratio({ example, chunk }, { run }) {
    const given = generators(example);
    const X = { rows: example.length, columns: example.channels, data: given.X };
    const blocks = await run("ssd/chunked", ssdProblem(given, given.X), { chunk });
    return worstRatio(blocks, "Y", product(ssmMatrix(given), X).data);
  },
});

/** h_c = A_c h_(c-1) + b_c over chunks, b_c the state of a chunk that begins empty and A_c the product of its decays. */
export const statePassing = defineStatement({
  name: "state-passing-is-1-semiseparable",
  section: "6.2",
  says: "States at the ends of chunks are those of chunks alone, multiplied by a 1-semiseparable matrix of chunk decays",
  of: ["ssd/recurrent"],
  cases: () => chunked(24),
  async ratio({ example, chunk }, { run }) {
    const given = generators(example);
    const { length, state, channels } = example;
    const tokens = (first: number, end: number) => {
      const part = (data: Float64Array, columns: number) => data.slice(first * columns, end * columns);
      const [logA, B, C] = [part(given.logA, 1), part(given.B, state), part(given.C, state)];
      return run("ssd/recurrent", ssdProblem({ logA, B, C }, part(given.X, channels)));
    };
    const ends = Array.from({ length: Math.ceil(length / chunk) }, (_, c) =>
      Math.min(length, (c + 1) * chunk),
    );
    const alone = await Promise.all(ends.map((end, c) => tokens(c * chunk, end)));
    const decays = ends.map((end, c) => given.a.slice(c * chunk, end).reduce((all, a) => all * a, 1));
    const L = oneSemiseparable(decays).data;
    let worst = 0;
    for (let c = 0; c < ends.length; c++) {
      const whole = await tokens(0, ends[c]);
      const sum = (of: (k: number) => ArrayLike<number>) =>
        Float64Array.from({ length: state * channels }, (_, i) =>
          alone.reduce((all, _run, k) => (k > c ? all : all + L[c * ends.length + k] * of(k)[i]), 0),
        );
      const wanted = sum((k) => alone[k].values.finalState);
      const passed = sum((k) => alone[k].bounds.finalState.certified);
      const bound = passed.map((own, i) => own + whole.bounds.finalState.certified[i]);
      worst = Math.max(worst, largestRatio(whole.values.finalState, wanted, bound));
    }
    return worst;
  },
});

export const section6: readonly AnyStatement[] = [blocksAreTheMatrix, statePassing];
