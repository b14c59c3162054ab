/**
 * `ssd_decode`: one token at a time gives what the whole sequence gives. A file is one problem of ssd, one of its first token alone, and
 * a chain of decode steps, each from the float64 state that the ones before it leave.
 */
import type { Problem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/index.js";
import { ssdDecode } from "../../impls/ssd_decode/index.js";
import { float64Rounding } from "../laws/hold.js";
import { stateAfter, stepProblem } from "../laws/steps.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import type { GoldenCase } from "./golden.js";
import type { GoldenOp, GoldenProblem } from "./mapping.js";
import { combinedProblem } from "./ssd_combined.js";

export const ssdDecodeOp: GoldenOp = {
  op: "ssd_decode",
  map(golden) {
    const whole = { Y: ["out.y", "out.y_full"], finalState: ["out.final_states"] };
    const problems = [combinedProblem(golden, golden.sizes.t, whole)];
    const afterFirst = { Y: [], finalState: ["out.state_after_first"] };
    if (golden.has("out.state_after_first")) problems.push(combinedProblem(golden, 1, afterFirst));
    return { problems: [...problems, ...steps(golden, problems[0])] };
  },
};

/** Each token as a step; where a kernel makes no steps and decays of its own, those are made in front. */
function steps(golden: GoldenCase, { problem: whole, plainer }: GoldenProblem): GoldenProblem[] {
  const { t: length } = golden.sizes;
  let after = stateAfter(ssd, whole, 0);
  return Array.from({ length }, (_, t) => {
    const before = after;
    const problem = stepProblem(whole, t, before);
    after = boundArrays(truthOf(ssdDecode, problem), float64Rounding(0)).finalState.value;
    const step = (one: Problem): GoldenProblem => ({
      operator: ssdDecode,
      problem: one,
      expected: [...outputsAt(golden, t), ...statesAt(golden, t)],
    });
    if (!plainer) return step(problem);
    const { prepared = "" } = plainer;
    const ready = stepProblem(plainer.problem, t, before);
    return { ...step(problem), plainer: { ...step(ready), prepared } };
  });
}

function outputsAt(golden: GoldenCase, t: number) {
  const { t: length } = golden.sizes;
  return ["out.y", "out.y_full"]
    .filter((name) => golden.has(name))
    .map((name) => {
      const all = golden.take(name, "t b h p");
      const size = all.length / length;
      return { golden: name, output: "Y", values: all.slice(t * size, (t + 1) * size) };
    });
}

function statesAt(golden: GoldenCase, t: number) {
  const after = { 0: "out.state_after_first", [golden.sizes.t - 1]: "out.final_states" }[t];
  if (after === undefined || !golden.has(after)) return [];
  return [{ golden: after, output: "finalState", values: golden.take(after, "b h p n") }];
}
