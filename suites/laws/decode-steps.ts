import * as fc from "fast-check";
import { attentionDecode } from "../../impls/attention_decode/index.js";
import { selectiveScanDecode } from "../../impls/selective_scan_decode/index.js";
import { ssdDecode } from "../../impls/ssd_decode/index.js";
import { specs } from "../problems/arbitrary.js";
import { buildProblem } from "../problems/build.js";
import { defineLaw } from "./law.js";
import { heldToOneShot } from "./one-shot.js";
import { forwardOf, STEPPED, stateAfter, stepProblem } from "./steps.js";

/** Each token is a run of its own. */
const MOST_TOKENS = 24;

/** Each step starts from what the kernel itself left; only the tokens before the first step are the reference's. */
export const decodeSteps = defineLaw({
  name: "decode-steps",
  states:
    "tokens taken one by one, each from the state or the cache that the ones before it left, equal one shot",
  source:
    "arXiv 2405.21060, section 2.1: autoregressive inference by the recurrence, in constant time a token",
  operators: [ssdDecode, selectiveScanDecode, attentionDecode],
  exact: [],
  cases: (operator) =>
    fc
      .record({ spec: specs(forwardOf(operator), STEPPED), pick: fc.nat(9999), all: fc.boolean() })
      .map(({ spec, pick, all }) => {
        const tokens = Math.min(spec.dims.length, MOST_TOKENS);
        const dims: Record<string, number> = {
          ...spec.dims,
          length: tokens,
          ...("context" in spec.dims ? { context: tokens } : {}),
        };
        return { spec: { ...spec, dims }, before: all ? 0 : pick % tokens };
      }),
  describe: ({ before }) => `steps after ${before} tokens`,
  own: ({ spec }, operator, dtype) => {
    const forward = forwardOf(operator);
    const problem = buildProblem(forward, spec, dtype);
    const t = spec.dims.length - 1;
    return stepProblem(problem, t, stateAfter(forward, problem, 0));
  },
  async holds({ spec, before }, subject) {
    const forward = forwardOf(subject.target.impl.operator);
    const problem = subject.problem(forward, spec);
    const { length } = problem.dims;
    const cached = !("finalState" in forward.outputs);
    // a cache of no tokens is no problem
    const first = cached ? Math.max(1, before) : before;
    if (first >= length) return undefined;
    let state = stateAfter(forward, problem, first);
    const outputs: ArrayLike<number>[] = [];
    for (let t = first; ; t++) {
      const { values, rounding } = await subject.evaluate(stepProblem(problem, t, state));
      outputs.push(values.Y);
      state = values.finalState;
      if (t === length - 1) return heldToOneShot({ forward, problem, first, outputs, state, rounding });
    }
  },
});
