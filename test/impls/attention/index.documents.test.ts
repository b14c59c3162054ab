/** Documents and windows of attention: which keys are seen, rows that see none, NaN that stays out, equal bits where tiles agree. */
import { afterAll, describe, expect, it } from "vitest";
import { attention } from "../../../impls/attention/index.js";
import { materialisedCpu } from "../../../impls/attention/materialised.cpu.js";
import { visiblePairs } from "../../../impls/attention/operator.js";
import { visibleKeys } from "../../../impls/attention/reference/visible.js";
import { tiledCpu } from "../../../impls/attention/tiled.cpu.js";
import { tiledNative } from "../../../impls/attention/tiled.native.js";
import { tiledWasm } from "../../../impls/attention/tiled.wasm.js";
import { givenDocuments } from "../../../impls/documents.js";
import { open as openCpu } from "../../../impls/engines/cpu.js";
import { open as openNative } from "../../../impls/engines/native.js";
import { open } from "../../../impls/engines/wasm.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { givenProblem, type Outputs, type Problem, randomProblem } from "../../../impls/operator.js";
import { alongAxis, range, take } from "../../../suites/laws/edit.js";
import { materialise } from "../../../suites/mutants/mutate.js";
import { orReason } from "../../or-reason.js";
import { outputsOn } from "../truth.js";

type Attention = typeof attention;

const cpu = await openCpu();
const wasm = await open();
const native = await orReason("native", openNative);
afterAll(async () => {
  await wasm.close();
  await native?.close();
});

const run = (impl: AnyImplementation, problem: Problem): Promise<Outputs<Attention>> =>
  outputsOn({ cpu, wasm, native }[impl.engine as string] as never, impl as never, problem as never) as never;

const forms = [tiledCpu, materialisedCpu, tiledWasm, ...(native ? [tiledNative] : [])].map((impl) => ({
  name: `${impl.form}.${impl.engine}`,
  impl: impl as AnyImplementation,
}));

const narrow = { batch: 1, heads: 1, groups: 1, headDim: 2, headDimV: 3 };

describe("keys that a query sees", () => {
  const seen = (dims: { length: number; context: number }, settings: object, lengths?: number[]) => {
    const problem = randomProblem(attention, { dims: { ...narrow, ...dims }, settings });
    const packed = lengths ? { ...problem.inputs, documents: givenDocuments([lengths]) } : problem.inputs;
    const { first, end } = visibleKeys({ ...problem, inputs: packed });
    expect(visiblePairs({ ...problem, inputs: packed })).toBe(
      end.reduce((sum, last, t) => sum + last - first[t], 0),
    );
    return [...first].map((from, t) => [from, end[t]]);
  };

  it("are those of its document, up to itself where the map is causal", () => {
    const square = { length: 4, context: 4 };
    expect(seen(square, {}, [1, 3])).toEqual([
      [0, 1],
      [1, 2],
      [1, 3],
      [1, 4],
    ]);
    expect(seen(square, { causal: false }, [1, 3])).toEqual([
      [0, 1],
      [1, 4],
      [1, 4],
      [1, 4],
    ]);
  });

  it("lie in its window: none where the keys have ended before it", () => {
    expect(seen({ length: 4, context: 4 }, { window: 2 })).toEqual([
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 4],
    ]);
    expect(seen({ length: 5, context: 2 }, { causal: false, window: 2 })).toEqual([
      ...[
        [0, 2],
        [0, 2],
        [1, 2],
      ],
      ...[
        [2, 2],
        [2, 2],
      ],
    ]);
  });
});

describe.each(forms)("$name", ({ impl }) => {
  it("gives 0 to a query that sees nothing", async () => {
    const dims = { ...narrow, length: 20, context: 5 };
    const problem = randomProblem(attention, { dims, settings: { causal: false, window: 4 } });
    const { Y } = await run(impl, problem as Problem);
    expect(Y.slice(8 * 3).every((value) => value === 0)).toBe(true);
    expect(Y.slice(0, 8 * 3).every((value) => value !== 0)).toBe(true);
  });

  it("gives 0 where no query of a whole run of tiles sees anything", async () => {
    const dims = { ...narrow, length: 130, context: 1 };
    const problem = randomProblem(attention, { dims, settings: { causal: false, window: 1 } });
    const { Y } = await run(impl, problem as Problem);
    expect(Y.slice(3).every((value) => value === 0)).toBe(true);
    expect(Y.slice(0, 3).every((value) => value !== 0)).toBe(true);
  });

  it("keeps a NaN of one document out of another in the same tile", async () => {
    const dims = { ...narrow, length: 12, context: 12 };
    const ones = new Array(24).fill(1);
    const V = Array.from({ length: 36 }, (_, i) => (i < 15 ? Number.NaN : 1));
    const documents = Array.from({ length: 12 }, (_, t) => (t < 5 ? 0 : 1));
    const { Y } = await run(
      impl,
      givenProblem(attention, { dims, inputs: { Q: ones, K: ones, V, documents } }) as Problem,
    );
    expect([...Y.slice(0, 15)].every(Number.isNaN)).toBe(true);
    for (const value of Y.slice(15)) expect(value).toBeCloseTo(1, 6);
  });

  it("has the bits of documents apart where they begin with a tile of queries", async () => {
    const dims = { batch: 1, length: 128, context: 128, heads: 2, groups: 1, headDim: 4, headDimV: 7 };
    const random = randomProblem(attention, { dims, seed: 5 }) as Problem;
    const inputs = Object.fromEntries(
      ["Q", "K", "V"].map((name) => [name, materialise(attention, random, name)]),
    );
    const whole = { ...random, inputs: { ...inputs, documents: givenDocuments([[64, 64]]) } } as Problem;
    const { Y } = await run(impl, whole);
    const half = Y.length / 2;
    for (const start of [0, 64]) {
      const part = alongAxis(
        { ...random, inputs } as Problem,
        ["length", "context"],
        (source, axis) => take(source, axis, range(start, start + 64)),
        { length: 64, context: 64 },
      );
      const alone = await run(impl, part);
      expect([...Y.slice(start === 0 ? 0 : half, start === 0 ? half : 2 * half)]).toEqual([...alone.Y]);
    }
  });
});

it("refuses a window that is no whole number and documents of other queries than keys", () => {
  const dims = { ...narrow, length: 2, context: 2 };
  expect(() => randomProblem(attention, { dims, settings: { window: 0.5 } })).toThrow(
    "window must be a whole number",
  );
  expect(() =>
    randomProblem(attention, {
      dims: { ...dims, context: 3 },
      settings: { causal: false },
      with: ["documents"],
    }),
  ).toThrow("documents need context equal to length");
});
