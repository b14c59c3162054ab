import { gatedDelta, hasChannelDecays, queryScale } from "../../impls/gated_delta/operator.js";
import type { Problem } from "../../impls/operator.js";
import type { Run } from "../verify/subject.js";
import { cuts, describeCut, part, stateTensor } from "./cut.js";
import { given, withInputs } from "./edit.js";
import { defineLaw } from "./law.js";
import { heldToParts } from "./resumed.js";

export const gatedDeltaResumes = defineLaw({
  name: "gated-delta-resumes",
  states:
    "a sequence cut in two, the second part started from the state that the first hands on, equals one shot",
  source: "arXiv 2412.06464, equation (10): the state is all that a token needs of its past",
  operators: [gatedDelta],
  exact: [],
  cases: (operator) => cuts(operator),
  describe: describeCut,
  async holds({ spec, first }, subject) {
    const { length } = spec.dims;
    if (length < 2) return undefined;
    const problem = subject.problem(gatedDelta, spec);
    const whole = await subject.run(problem);
    const left = await subject.run(part(problem, 0, first));
    const rest = part(problem, first, length);
    const right = await subject.run(
      withInputs(rest, { initialState: stateTensor(gatedDelta, rest, left.values.finalState) }),
    );
    const inherited = propagated(right.problem, left);
    const words = describeCut({ spec, first });
    return heldToParts(gatedDelta, { problem, whole, left, right, first, inherited, words });
  },
});

/**
 * What an error of the first part's state, as large as its bound, becomes in the second: a token makes its length at most a times
 * |1 - beta k^2| larger, and an output reads at most |q| of it.
 */
function propagated(second: Problem, { bounds }: Run): Record<string, (i: number) => number> {
  const { length, heads, groups, headDim, state } = second.dims;
  const [Q, K, logA, beta] = ["Q", "K", "logA", "beta"].map((name) => given(second, name).data);
  const factor = Math.abs(queryScale(second));
  const width = hasChannelDecays(second) ? state : 1;
  const length2 = (values: ArrayLike<number>, at: number) =>
    Math.sqrt(Array.from({ length: state }, (_, n) => values[at + n] ** 2).reduce((sum, x) => sum + x, 0));
  const error = (channel: number) => length2(bounds.finalState.certified, channel * state);
  const row = (token: number, head: number) => (token * groups + Math.floor((head * groups) / heads)) * state;
  // of each token and head: how much longer an error has become
  const grown = new Float64Array(beta.length);
  grown.forEach((_, i) => {
    const [token, head] = [Math.floor(i / heads), i % heads];
    const decay = Math.exp(Math.max(...logA.subarray(i * width, (i + 1) * width)));
    const turned = Math.max(1, Math.abs(1 - beta[i] * length2(K, row(token, head)) ** 2));
    grown[i] = (token % length === 0 ? 1 : grown[i - heads]) * decay * turned;
  });
  return {
    Y: (i) => {
      const [token, channel] = [Math.floor(i / (heads * headDim)), i % (heads * headDim)];
      const head = Math.floor(channel / headDim);
      const own = Math.floor(token / length) * heads * headDim + channel;
      return factor * length2(Q, row(token, head)) * grown[token * heads + head] * error(own);
    },
    finalState: (i) => {
      const channel = Math.floor(i / state);
      const [b, head] = [Math.floor(channel / (heads * headDim)), Math.floor(channel / headDim) % heads];
      return grown[((b + 1) * length - 1) * heads + head] * error(channel);
    },
  };
}
