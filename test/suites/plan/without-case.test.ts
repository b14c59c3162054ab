/** A file of which nothing is looked at is named, with the reason. */
import { expect, it } from "vitest";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { chooseSuites } from "../../../suites/index.js";
import { filesWithoutCase, type LookedAt } from "../../../suites/plan/without-case.js";
import { cameFrom } from "../../../suites/processes/origin.js";
import type { Description } from "../../../suites/processes/protocol.js";

const recurrent = implementations.find(({ form, engine }) => form === "recurrent" && engine === "cpu")!;

/** What a plan sees of one kernel of `k.ts`. */
function looked(
  kernel: Partial<AnyImplementation>,
  answers: Description[],
  more: Partial<LookedAt> = {},
): LookedAt {
  const origin = { file: "k.ts", exported: "default", fallbackMake: "k" };
  return {
    impls: [cameFrom({ ...recurrent, ...kernel }, origin)],
    files: ["k.ts"],
    targets: [{ engine: "cpu", device: undefined, deviceKey: undefined }],
    suites: chooseSuites(["sequence-length"]),
    grid: "quick",
    seed: 0,
    groups: [],
    engines: [],
    filter: null,
    absent: [],
    describe: async (_target, questions) => questions.map(() => answers),
    ...more,
  };
}

it.each<[string, LookedAt, string]>([
  ["no options", looked({}, []), "its options() gives none for any of "],
  [
    "a refusal",
    looked({}, [{ options: {}, unsupported: "takes headDim 48 only" }]),
    "problems: takes headDim 48 only",
  ],
  ["another dtype", looked({ dtypes: ["bf16"] }, []), "it takes dtype bf16, and this run has f32 only"],
  [
    "another engine",
    looked({ engine: "wasm" }, [], { engines: ["cpu"] }),
    "it runs on engine wasm, and --engine names cpu",
  ],
  [
    "an absent engine",
    looked({ engine: "wasm" }, [], { absent: ["engine wasm is absent: no SIMD"] }),
    "engine wasm is absent: no SIMD",
  ],
  ["no such engine", looked({ engine: "abacus" as "cpu" }, []), "no engine abacus is here"],
  [
    "a device that lacks something",
    looked({}, [], {
      targets: [
        {
          engine: "cpu",
          device: undefined,
          deviceKey: undefined,
          lacking: [{ impl: 0, reason: "needs a card" }],
        },
      ],
    }),
    "ssd/recurrent.cpu: needs a card",
  ],
  [
    "a filter",
    looked({}, [{ options: {} }], { filter: "length=7" }),
    'no case of it matches --filter "length=7"',
  ],
  [
    "another suite",
    looked({ operator: { ...recurrent.operator, name: "convolution" } }, [], {
      suites: chooseSuites(["threads"]),
    }),
    "no suite of this run asks for convolution",
  ],
])("by %s", async (_why, request, reason) => {
  expect(await filesWithoutCase(request)).toEqual([expect.stringContaining(reason)]);
});

it("says nothing of a file that has a case, or brings an engine alone", async () => {
  const one = looked({}, []);
  const groups = [{ cases: [{ impl: 0, unsupported: undefined }] }] as unknown as LookedAt["groups"];
  expect(await filesWithoutCase({ ...one, groups })).toEqual([]);
  expect(await filesWithoutCase({ ...one, files: ["engine.ts"] })).toEqual([]);
});
