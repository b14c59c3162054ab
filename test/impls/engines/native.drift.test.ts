/** Thousands of weak decays: what an exponential errs by, always the same way, adds up over the tokens that a state remembers. */
import { afterAll, describe, expect, it } from "vitest";
import { f32Rounding } from "../../../impls/bound.js";
import { type NativeEngine, open } from "../../../impls/engines/native.js";
import { inputReader } from "../../../impls/operator.js";
import { chunkedNative } from "../../../impls/ssd/chunked.native.js";
import { ssd } from "../../../impls/ssd/index.js";
import { recurrentNative } from "../../../impls/ssd/recurrent.native.js";
import { compare } from "../../../suites/verify/compare.js";
import { evaluate } from "../../../suites/verify/evaluate.js";
import { orReason } from "../../or-reason.js";
import { LENGTH, problem, truth } from "./drift.js";

const opened: NativeEngine[] = [];
for (const isa of [undefined, "avx2"]) {
  const engine = await orReason(isa ? `native ${isa}` : "native", () => open(isa));
  if (engine && !opened.some((other) => other.isa === engine.isa)) opened.push(engine);
}
afterAll(async () => {
  for (const engine of opened) await engine.close();
});

describe.runIf(opened.length > 0).each(opened.map((engine) => ({ engine, isa: engine.isa })))(
  "65,536 weak decays on $isa",
  ({ engine }) => {
    it.each([chunkedNative, recurrentNative])("stay within the probable bound: ssd $form", async (impl) => {
      const { values, rounding } = await evaluate(impl as never, engine as never, problem, {});
      const { probableRatio } = compare(truth, rounding, values);
      expect(probableRatio).toBeGreaterThan(0);
      expect(probableRatio).toBeLessThan(1);
    });
  },
);

/** The recurrence in f32, each decay wrong by so many units of 2^-24 of itself, always the same way. */
function drifting(units: number) {
  const [X, logA, B, C, start] = (["X", "logA", "B", "C", "initialState"] as const).map((name) => {
    const { at } = inputReader(ssd, problem, name)!;
    return (t: number) => at(t, 0);
  });
  const Y = new Float32Array(LENGTH);
  let state = start(0);
  for (let t = 0; t < LENGTH; t++) {
    const decay = Math.exp(logA(t)) * (1 + units * 2 ** -24);
    state = Math.fround(decay * state + X(t) * B(t));
    Y[t] = state * C(t);
  }
  return compare(truth, f32Rounding(0), { Y, finalState: Float32Array.of(state) }).probableRatio;
}

describe("the bound", () => {
  it("takes decays that are right, and none that err by a unit the same way", () => {
    expect(drifting(0)).toBeLessThan(0.25);
    expect(drifting(1)).toBeGreaterThan(1);
    expect(drifting(-1)).toBeGreaterThan(1);
  });
});
