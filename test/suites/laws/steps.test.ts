/** Decoding after every number of tokens: the laws draw one cut a case, here are all of one sequence. */
import { describe, expect, it } from "vitest";
import { implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { decodeSteps } from "../../../suites/laws/decode-steps.js";
import { prefill } from "../../../suites/laws/prefill.js";
import { forwardOf } from "../../../suites/laws/steps.js";
import { partialChunkForgotten } from "../../../suites/mutants/partial-chunk-forgotten.js";
import type { Spec } from "../../../suites/problems/spec.js";
import { subjectOf } from "../../../suites/verify/subject.js";
import { cpuTarget } from "../targets.js";

// two whole chunks of 8 and a part of one
const LENGTH = 20;
const dims = {
  batch: 1,
  length: LENGTH,
  context: LENGTH,
  heads: 2,
  groups: 2,
  headDim: 3,
  headDimV: 5,
  state: 6,
};
const EVERY = Array.from({ length: LENGTH - 1 }, (_, i) => i + 1);

function specOf(operator: (typeof implementations)[number]["operator"]): Spec {
  const own = Object.entries(dims).filter(([dim]) => (operator.dims as readonly string[]).includes(dim));
  const inputs = ["dt", "D", "z", "initialState"].filter((name) => operator.inputs[name]?.optional);
  return {
    ...{
      operator: operator.name,
      dims: Object.fromEntries(own),
      seed: 3,
      values: "coherent",
      decay: "usual",
    },
    ...{ with: inputs, alternative: [], settings: operator.settings, dtype: 0 },
  };
}

const onCpu = implementations.filter(({ engine }) => engine === "cpu");
const named = (laws: readonly { name: string }[]) =>
  onCpu
    .filter(({ operator }) => laws.some(({ name }) => name === operator.name))
    .map((impl) => ({
      impl,
      name: implementationName(impl),
    }));

describe("a prompt of every length", () => {
  it.each(named(prefill.operators))("and steps equal one shot of $name", async ({ impl }) => {
    const subject = subjectOf(cpuTarget(impl), "f32", {});
    for (const first of EVERY)
      expect(await prefill.holds({ spec: specOf(impl.operator), first }, subject), `${first}`).toEqual({
        ok: true,
      });
  });

  it("finds a state that lacks the tokens behind the last whole chunk wherever there are some", async () => {
    const subject = subjectOf(cpuTarget(partialChunkForgotten), "f32", {});
    const spec = specOf(partialChunkForgotten.operator);
    for (const first of EVERY) {
      const finding = await prefill.holds({ spec, first }, subject);
      expect(finding?.ok, `${first}`).toBe(first < 8 || first % 8 === 0);
    }
  });
});

describe("steps after every number of tokens", () => {
  it.each(named(decodeSteps.operators))("equal one shot by $name", async ({ impl }) => {
    const spec = specOf(forwardOf(impl.operator));
    const subject = subjectOf(cpuTarget(impl), "f32", {});
    for (const before of [0, ...EVERY])
      expect(await decodeSteps.holds({ spec, before }, subject), `${before}`).toEqual({ ok: true });
  });
});
