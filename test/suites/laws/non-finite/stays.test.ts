/** Problems on which a campaign of 100,000 found NaN where none belongs, or none where no reader was: every element of an input in turn. */
import { afterAll, describe, expect, it } from "vitest";
import type { Engine } from "../../../../impls/engines/engine.js";
import { open as openWasm } from "../../../../impls/engines/wasm.js";
import { implementations, operatorNamed } from "../../../../impls/index.js";
import type { Problem } from "../../../../impls/operator.js";
import { elementCount } from "../../../../impls/tensor.js";
import { nanShows } from "../../../../suites/laws/non-finite/shows.js";
import { nanStays } from "../../../../suites/laws/non-finite/stays.js";
import type { Spec } from "../../../../suites/problems/spec.js";
import { localPlace } from "../../../../suites/verify/evaluate.js";
import { subjectOf, subjectsFor } from "../../../../suites/verify/subject.js";
import { cpuTarget } from "../../targets.js";

const wasm = localPlace((await openWasm()) as Engine<unknown>, undefined);
afterAll(() => wasm.close());

function specOf(operator: string, dims: Spec["dims"], options: Partial<Spec> = {}): Spec {
  const settings = { ...operatorNamed(operator).settings, ...options.settings };
  const usual = { values: "coherent", decay: "none", with: [], alternative: [], dtype: 0, seed: 0 } as const;
  return { operator, dims: { batch: 1, heads: 1, groups: 1, ...dims }, ...usual, ...options, settings };
}

/** What a law says of NaN in every element of an input, on one implementation. */
async function verdicts(
  law: typeof nanStays,
  engine: "cpu" | "wasm",
  form: string,
  spec: Spec,
  input: string,
) {
  const index = implementations.findIndex(
    (one) => one.operator.name === spec.operator && one.engine === engine && one.form === form,
  );
  const impl = implementations[index];
  const target = engine === "wasm" ? { impl, index, place: wasm } : cpuTarget(impl, index);
  const [{ dtype, options }] = await subjectsFor(target, spec);
  const subject = subjectOf(target, dtype, options);
  const { inputs }: Problem = subject.problem(impl.operator, spec);
  // an odd number asks for an input by its place
  const which =
    2 *
      Object.keys(inputs)
        .filter((name) => inputs[name])
        .indexOf(input) +
    1;
  const said = [];
  for (let where = 0; where < elementCount(inputs[input]!.shape); where++)
    said.push(await law.holds({ spec, which, where, value: Number.NaN }, subject));
  return said;
}

const holds = (said: readonly unknown[]) =>
  said.length > 0 && said.every((one) => (one as { ok: boolean }).ok);

describe("nan-stays", () => {
  it.each([
    [
      "mamba3's odd states: the last entry of a row has no partner in the next head's",
      ["chunked", "recurrent"],
      specOf("mamba3", { length: 1, heads: 2, headDim: 1, state: 3, pairs: 1 }),
      ["biasQ", "biasK", "Q", "K"],
    ],
    [
      "ssd's gradients of 7 channels: columns that pad a row are another head's when its turn comes",
      ["chunked"],
      specOf("ssd_grad", { length: 2, heads: 3, headDim: 7, state: 2 }),
      ["logA", "X", "dY"],
    ],
  ])("%s", async (_, forms, spec, inputs) => {
    for (const form of forms)
      for (const input of inputs)
        expect(await verdicts(nanStays, "wasm", form, spec, input), `${form} ${input}`).toSatisfy(holds);
  });
});

describe("nan-shows asks for nothing", () => {
  it.each([
    [
      "of a key that no query sees",
      "tiled",
      specOf(
        "attention_grad",
        { length: 1, context: 2, headDim: 1, headDimV: 1 },
        { settings: { causal: false, window: 1 } },
      ),
      "K",
    ],
    [
      "of a tap that lies before the first token",
      "chunked",
      specOf(
        "mamba2_block",
        {
          ...{ length: 1, headDim: 1, state: 1, inner: 1, modelDim: 1 },
          ...{ width: 4, past: 3, channels: 3, projected: 5, selected: 3 },
        },
        // the only token begins a document: nothing lies before it
        { with: ["documents", "initialState"], seed: 8 },
      ),
      "convWeight",
    ],
  ])("%s", async (_, form, spec, input) => {
    expect(await verdicts(nanShows, "cpu", form, spec, input)).toSatisfy(holds);
  });
});
