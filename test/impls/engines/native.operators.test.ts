/** What the list of awkward problems is too short for: transforms that no cache holds, long runs of keys, threads that share operators. */
import { afterAll, describe, expect, it } from "vitest";
import type { Engine } from "../../../impls/engines/engine.js";
import { type NativeEngine, open } from "../../../impls/engines/native.js";
import { implementations, operators } from "../../../impls/index.js";
import { GRIDS, gridProblem } from "../../../suites/grids.js";
import { awkwardList } from "../../../suites/problems/awkward.js";
import { localPlace } from "../../../suites/verify/evaluate.js";
import { orReason } from "../../or-reason.js";
import { conform, type Tally } from "../../suites/conformance.js";

const opened: NativeEngine[] = [];
for (const isa of [undefined, "avx2"]) {
  const engine = await orReason(isa ? `native ${isa}` : "native", () => open(isa));
  if (engine && !opened.some((other) => other.isa === engine.isa)) opened.push(engine);
}
afterAll(async () => {
  for (const engine of opened) await engine.close();
});

const ours = implementations.filter(({ engine, operator }) => engine === "native" && operator.name !== "ssd");
const long = [
  // a power of four and twice one, both beyond what split_far leaves to split_near
  {
    operator: "convolution",
    title: "32,768 tokens",
    dims: { batch: 2, length: 32768, heads: 1, headDim: 3 },
  },
  {
    operator: "convolution",
    title: "40,001 tokens",
    dims: { batch: 1, length: 40001, heads: 1, headDim: 2 },
  },
  // scores that rise along the keys, so that a reference is raised again and again
  {
    operator: "attention",
    title: "1,200 keys",
    dims: { batch: 1, length: 40, context: 1200, heads: 2, headDim: 70, headDimV: 33 },
  },
  {
    operator: "attention",
    title: "500 queries",
    dims: { batch: 1, length: 500, context: 500, heads: 1, headDim: 8, headDimV: 130 },
  },
  // spans of keys that are joined, the last one of a single key
  {
    operator: "attention_decode",
    title: "4,097 keys",
    dims: { batch: 2, context: 4097, heads: 6, groups: 2, headDim: 40, headDimV: 70 },
  },
  {
    operator: "selective_scan",
    title: "40 channels",
    dims: { batch: 1, length: 300, heads: 1, headDim: 40, state: 37 },
  },
] as const;

describe.runIf(opened.length > 0).each(opened.map((engine) => ({ engine, isa: engine.isa })))(
  "on $isa",
  ({ engine }) => {
    const place = localPlace(engine as Engine<unknown>, undefined);

    it.each(long)("$operator of $title", async ({ operator: name, dims }) => {
      const operator = operators.find((other) => other.name === name)!;
      const { all, add } = awkwardList(operator, Number.POSITIVE_INFINITY);
      const settings =
        name === "attention"
          ? { causal: dims.length === (dims as { context?: number }).context, scale: 1 }
          : operator.settings;
      add("long", dims, { settings });
      for (const impl of ours.filter((other) => other.operator.name === name)) {
        const tally: Tally = { ran: 0, declined: [] };
        expect(
          await conform({ impl, index: implementations.indexOf(impl), place }, all[0], tally),
        ).toBeUndefined();
        expect(tally.ran).toBeGreaterThan(0);
      }
    });

    it.each(ours.map((impl) => ({ impl, name: `${impl.operator.name}/${impl.form}` })))(
      "$name gives the same bits on two threads, and again",
      async ({ impl }) => {
        const shape = { ...GRIDS.quick, heads: 3, headDim: 40 };
        const problem = gridProblem(impl.operator, shape, { length: 301, state: 24, dtype: "f32", seed: 5 });
        const outputs = [];
        for (const threads of [1, 2, 2]) {
          const prepared = await impl.prepare(engine as never, problem as never, { threads });
          await prepared.run(undefined as never);
          const read = Object.entries((await prepared.read()) as Readonly<Record<string, Float32Array>>);
          outputs.push(new Map(read.map(([name, values]) => [name, values.slice()])));
          await prepared.dispose();
        }
        for (const [name, values] of outputs[0])
          expect(
            values.some((value) => value !== 0),
            name,
          ).toBe(true);
        expect(outputs[1]).toEqual(outputs[0]);
        expect(outputs[2]).toEqual(outputs[0]);
      },
    );
  },
);
