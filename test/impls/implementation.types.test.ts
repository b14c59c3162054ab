/** What the compiler refuses: every line after an @ts-expect-error must fail to compile, which `npm run typecheck` holds. */
import { describe, expect, it } from "vitest";
import { f32Rounding } from "../../impls/bound.js";
import { implementation } from "../../impls/implementation.js";
import { defineOperator, givenProblem, type Outputs, randomProblem } from "../../impls/operator.js";
import { type Ssd, ssd } from "../../impls/ssd/operator.js";

const dims = { batch: 1, length: 1, heads: 1, groups: 1, headDim: 1, state: 1 };
const body = { form: "recurrent", source: "none", rounding: () => f32Rounding(0) } as const;

/** Never called: only its types are looked at. */
function refused(): void {
  // @ts-expect-error a size is missing
  randomProblem(ssd, { dims: { batch: 1, length: 1, heads: 1, groups: 1, headDim: 1 } });
  // @ts-expect-error X is not optional, so it cannot be asked for
  randomProblem(ssd, { dims, with: ["X"] });
  // @ts-expect-error ssd has no input Q
  givenProblem(ssd, { dims, inputs: { X: [1], logA: [1], B: [1], C: [1], Q: [1] } });
  // @ts-expect-error no such engine
  implementation(ssd, "abacus", { ...body, prepare: () => Promise.reject() });
  // @ts-expect-error no such form
  implementation(ssd, "cpu", { ...body, form: "magic", prepare: () => Promise.reject() });
  // @ts-expect-error finalState is missing
  const half: Outputs<Ssd> = { Y: new Float32Array(1) };
  implementation(ssd, "cpu", {
    ...body,
    prepare(engine, problem) {
      const inputs = engine.inputs(ssd, problem);
      // @ts-expect-error an optional input may be absent
      inputs.D[0];
      // @ts-expect-error no such input
      inputs.Q;
      // @ts-expect-error no such size
      problem.dims.channels;
      // @ts-expect-error the outputs of ssd are Y and finalState
      return engine.prepared(ssd, problem, { Y: inputs.X }, () => {});
    },
  });
  defineOperator({
    name: "wrong",
    dims: ["length"],
    // @ts-expect-error an axis that is no dim
    inputs: { X: { axes: ["tokens"], random: "signed" } },
    outputs: { Y: ["length"] },
    settings: {},
    laneAxes: [],
    laneCost: () => 1,
    reference: () => [],
    cost: () => ({ flops: 0, bytes: 0 }),
  });
  void half;
}

describe("types", () => {
  it("are checked by the compiler", () => {
    expect(refused).toBeTypeOf("function");
  });
});
