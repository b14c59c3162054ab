/** Which outputs read an element, written down by hand for problems that fit a line. */
import { describe, expect, it } from "vitest";
import { operatorNamed } from "../../../../impls/index.js";
import { outputSize } from "../../../../impls/operator.js";
import { readers } from "../../../../suites/laws/non-finite/reach.js";
import { buildProblem } from "../../../../suites/problems/build.js";
import type { Spec } from "../../../../suites/problems/spec.js";

interface Case {
  readonly operator: string;
  readonly dims: Readonly<Record<string, number>>;
  readonly input: string;
  readonly at: number;
  readonly output?: string;
  readonly settings?: Spec["settings"];
  readonly ids?: readonly number[];
  readonly with?: readonly string[];
  readonly block?: number;
}

/** Flat indices of the output that read the element. */
function read({ operator: name, dims, input, at, output = "Y", settings, ids, block, ...rest }: Case) {
  const operator = operatorNamed(name);
  const spec: Spec = {
    operator: name,
    dims: { batch: 1, heads: 1, groups: 1, ...dims },
    seed: 0,
    values: "ones",
    decay: "none",
    with: rest.with ?? [],
    alternative: [],
    settings: { ...operator.settings, ...settings },
    dtype: 0,
  };
  const built = buildProblem(operator, spec, "f32");
  const documents = ids && {
    kind: "given",
    axes: ["batch", "length"],
    shape: [1, ids.length],
    data: Float64Array.from(ids),
  };
  const problem = { ...built, inputs: { ...built.inputs, ...(documents && { documents }) } } as typeof built;
  const reads = readers(operator, problem, { input, at }, output, block);
  return Array.from({ length: outputSize(operator, problem, output) }, (_, i) => i).filter(reads);
}

const scan = { operator: "ssd", dims: { length: 4, headDim: 1, state: 1 } };
const attention = { operator: "attention", dims: { length: 5, context: 5, headDim: 1, headDimV: 1 } };
const taps = { operator: "causal_conv1d", dims: { length: 5, headDim: 1, width: 3, past: 2 } };

describe("which outputs read an element", () => {
  it.each<[string, Case, number[]]>([
    ["X: its token and all later ones", { ...scan, input: "X", at: 1 }, [1, 2, 3]],
    ["C: its own token", { ...scan, input: "C", at: 1 }, [1]],
    ["C: no state", { ...scan, input: "C", at: 1, output: "finalState" }, []],
    ["X: its document", { ...scan, input: "X", at: 1, ids: [0, 0, 1, 1] }, [1]],
    [
      "X of another document: not the final state",
      { ...scan, input: "X", at: 1, ids: [0, 0, 1, 1], output: "finalState" },
      [],
    ],
    [
      "the initial state: the first document, if its id is 0",
      { ...scan, with: ["initialState"], input: "initialState", at: 0, ids: [0, 1, 1, 1] },
      [0],
    ],
    [
      "the initial state: nothing, if it is another id",
      { ...scan, with: ["initialState"], input: "initialState", at: 0, ids: [1, 1, 1, 1] },
      [],
    ],
    [
      "what lies before a block's filter: nothing, if the first document is another",
      {
        operator: "mamba2_block",
        dims: {
          ...{ length: 2, headDim: 1, state: 1, inner: 1, modelDim: 1 },
          ...{ width: 4, past: 3, channels: 3, projected: 5, selected: 3 },
        },
        with: ["initialConv"],
        input: "initialConv",
        at: 0,
        ids: [1, 1],
      },
      [],
    ],
    [
      "X: its own channel",
      { operator: "ssd", dims: { length: 2, headDim: 2, state: 1 }, input: "X", at: 1 },
      [1, 3],
    ],
    [
      "B: the heads of its group",
      { operator: "ssd", dims: { length: 1, heads: 4, groups: 2, headDim: 1, state: 1 }, input: "B", at: 1 },
      [2, 3],
    ],
    ["V: rows from its own on", { ...attention, input: "V", at: 2 }, [2, 3, 4]],
    ["V: rows within a window", { ...attention, input: "V", at: 2, settings: { window: 2 } }, [2, 3]],
    [
      "V: all rows, where nothing is causal",
      { ...attention, input: "V", at: 2, settings: { causal: false } },
      [0, 1, 2, 3, 4],
    ],
    ["Q: its own row", { ...attention, input: "Q", at: 2 }, [2]],
    ["V in blocks of two: the whole block", { ...attention, input: "V", at: 3, block: 2 }, [2, 3, 4]],
    [
      "V in blocks of a row",
      { ...attention, input: "V", at: 3, block: Number.POSITIVE_INFINITY },
      [0, 1, 2, 3, 4],
    ],
    ["a tap: the next tokens that see it", { ...taps, input: "X", at: 1 }, [1, 2, 3]],
    ["a tap: not those of another document", { ...taps, input: "X", at: 1, ids: [0, 0, 0, 1, 1] }, [1, 2]],
    ["the last tokens: the final state", { ...taps, input: "X", at: 3, output: "finalState" }, [0]],
    [
      "a norm: its group, and the gate behind it its channel",
      { operator: "rms_norm_gated", dims: { length: 1, heads: 2, headDim: 1 }, input: "X", at: 0 },
      [0, 1],
    ],
    [
      "a gate behind the norm: its channel",
      {
        operator: "rms_norm_gated",
        dims: { length: 1, heads: 2, headDim: 1 },
        with: ["z"],
        input: "z",
        at: 0,
        settings: { normBeforeGate: true },
      },
      [0],
    ],
    [
      "a cache: nothing outside the window",
      {
        operator: "attention_decode",
        dims: { context: 3, headDim: 1, headDimV: 1 },
        input: "K",
        at: 0,
        settings: { window: 2 },
      },
      [],
    ],
    [
      "cotangents: their token and earlier ones",
      { operator: "ssd_grad", dims: scan.dims, input: "dY", at: 2, output: "dX" },
      [0, 1, 2],
    ],
  ])("%s", (_, one, expected) => {
    expect(read(one)).toEqual(expected);
  });

  it("knows every operator, or says which one it does not", () => {
    const unknown = { ...operatorNamed("ssd"), name: "new" };
    const problem = buildProblem(
      unknown,
      {
        operator: "ssd",
        dims: { batch: 1, heads: 1, groups: 1, ...scan.dims },
        seed: 0,
        values: "ones",
        decay: "none",
        with: [],
        alternative: [],
        settings: {},
        dtype: 0,
      },
      "f32",
    );
    expect(() => readers(unknown, problem, { input: "X", at: 0 }, "Y")).toThrow(
      "which outputs of new read X",
    );
  });
});
