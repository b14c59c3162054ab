import { gatedDelta, queryScale } from "../../impls/gated_delta/operator.js";
import type { Problem } from "../../impls/operator.js";
import type { GivenTensor } from "../../impls/tensor.js";
import { specs } from "../problems/arbitrary.js";
import { given, mapValues, withInputs } from "./edit.js";
import { difference } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/**
 * Keys are rows of an orthogonal matrix, in turn: each writes its value in place of the one that it wrote before, and moves no other. A
 * query that is the key of some tokens ago reads what that key wrote last.
 */
export const gatedDeltaRecalls = defineLaw({
  name: "gated-delta-recalls",
  states:
    "without decay, with beta = 1 and orthonormal keys, a query that is a key gives the last value written to it",
  source: "arXiv 2406.06484, section 2.2: the delta rule overwrites what its key retrieves",
  operators: [gatedDelta],
  exact: [],
  cases: () =>
    specs(gatedDelta, { ordinary: true, work: 20_000, without: ["initialState"] }).map((spec) => ({ spec })),
  async holds({ spec }, subject) {
    const problem = orthonormal(subject.problem(gatedDelta, spec));
    const { values, bounds } = await subject.run(problem);
    const { length, heads, headDim, state } = problem.dims;
    const V = given(problem, "V").data;
    const factor = queryScale(problem);
    const found = difference({
      operator: gatedDelta,
      problem,
      output: "Y",
      got: values.Y,
      wanted: (i) => {
        const t = Math.floor(i / (heads * headDim)) % length;
        return factor * V[i - tokensAgo(t, state) * heads * headDim];
      },
      tolerance: (i) => bounds.Y.certified[i],
      what: "against the value that the key wrote last",
    });
    return found ? violated(found) : HOLDS;
  },
});

/** How many keys there are: a power of 4, so that their entries are exact in every storage type. */
function keysOf(state: number): number {
  return 4 ** Math.floor(Math.log2(state) / 2);
}

/** How long ago the token came whose key is the query of token t: any of the keys' last turn. */
function tokensAgo(t: number, state: number): number {
  return (7 * t) % Math.min(t + 1, keysOf(state));
}

/** Entry n of the key of token t: a row of Walsh's matrix over the root of its size, zeros behind it. */
function keyAt(t: number, n: number, state: number): number {
  const keys = keysOf(state);
  if (n >= keys) return 0;
  let common = (t % keys) & n;
  let sign = 1;
  for (; common; common &= common - 1) sign = -sign;
  return sign / Math.sqrt(keys);
}

function orthonormal(drawn: Problem<typeof gatedDelta>): Problem<typeof gatedDelta> {
  const { length, groups, state } = drawn.dims;
  const rows = (tokenOf: (t: number) => number) => (_: number, i: number) =>
    keyAt(tokenOf(Math.floor(i / (groups * state)) % length), i % state, state);
  const changed = (name: string, change: (value: number, i: number) => number): GivenTensor =>
    mapValues(given(drawn, name), change);
  return withInputs(drawn, {
    K: changed(
      "K",
      rows((t) => t),
    ),
    Q: changed(
      "Q",
      rows((t) => t - tokensAgo(t, state)),
    ),
    logA: changed("logA", () => 0),
    beta: changed("beta", () => 1),
  });
}
