import { gatedDelta } from "../../impls/gated_delta/operator.js";
import { outputNames, type Problem } from "../../impls/operator.js";
import { specs } from "../problems/arbitrary.js";
import { given, withInputs } from "./edit.js";
import { difference } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

export const gatedDeltaChannels = defineLaw({
  name: "gated-delta-channels",
  states: "key channels that all decay alike are a head that decays",
  source: "arXiv 2510.26692, section 2: Gated DeltaNet is KDA with one decay for all channels",
  operators: [gatedDelta],
  exact: [],
  cases: () => specs(gatedDelta, { ordinary: true, work: 20_000 }).map((spec) => ({ spec })),
  async holds({ spec }, subject) {
    const problem = subject.problem(gatedDelta, { ...spec, alternative: [] });
    const alike = channelwise(problem);
    const [head, channels] = [await subject.run(problem), await subject.run(alike)];
    for (const output of outputNames(gatedDelta, problem)) {
      const found = difference({
        operator: gatedDelta,
        problem,
        output,
        got: channels.values[output],
        wanted: (i) => head.values[output][i],
        tolerance: (i) => head.bounds[output].certified[i] + channels.bounds[output].certified[i],
        what: "every key channel with the decay of its head",
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});

function channelwise(problem: Problem<typeof gatedDelta>): Problem<typeof gatedDelta> {
  const { state } = problem.dims;
  const { axes, shape, data } = given(problem, "logA");
  return withInputs(problem, {
    logA: {
      kind: "given",
      axes: [...axes, "state"],
      shape: [...shape, state],
      data: Float64Array.from({ length: data.length * state }, (_, i) => data[Math.floor(i / state)]),
    },
  });
}
