/** Problems as files and judgement of what came back: right outputs pass, each kind of wrong one is told. */
import { expect, it } from "vitest";
import { operators } from "../../../../impls/index.js";
import { ssd } from "../../../../impls/ssd/operator.js";
import {
  type ElementType,
  formatSafetensors,
  parseSafetensors,
} from "../../../../suites/vectors/safetensors.js";
import { exported, judge, parseProblemName } from "../../../../suites/verify/files/exchange.js";

const BOTH: readonly ElementType[] = ["F32", "F64"];
const problems = [...exported(ssd, 3, 12)];
const named = (name: string) => parseProblemName(name, operators);

/** The expected outputs of a problem's file, as a kernel in float32 writes them. */
function answer(bytes: Uint8Array) {
  const { tensors } = parseSafetensors(bytes, BOTH);
  const outputs = [...tensors].filter(([name]) => name.startsWith("out."));
  return Object.fromEntries(
    outputs.map(([name, { shape, data }]) => [name.slice(4), { shape, data: Float32Array.from(data) }]),
  );
}

it("writes every input, and for every output what is expected and how far off it may be", () => {
  for (const { name, bytes } of problems) {
    const { tensors, metadata } = parseSafetensors(bytes, BOTH);
    expect(metadata.case).toBe(name);
    const layout = JSON.parse(metadata.layout) as Record<string, string>;
    const outputs = Object.keys(answer(bytes));
    expect(outputs).toContain("finalState");
    const inputs = Object.keys(layout).filter((one) => !outputs.includes(one));
    expect([...tensors.keys()].sort()).toEqual(
      [...inputs, ...outputs.flatMap((one) => [`out.${one}`, `bound.${one}`])].sort(),
    );
    for (const output of outputs)
      expect(Math.min(...tensors.get(`bound.${output}`)!.data)).toBeGreaterThan(0);
  }
});

it("passes the expected values rounded to float32, of every problem", () => {
  for (const { name, bytes } of problems)
    expect([name, judge(named(name), formatSafetensors(answer(bytes), {}))]).toEqual([
      name,
      { ok: true, detail: expect.stringMatching(/^worst error \/ bound 0\.\d/) },
    ]);
});

it("is the same problem however many were drawn", () => {
  expect([...exported(ssd, 3, 2)][1].bytes).toEqual(problems[1].bytes);
});

it.each(operators.map(({ name }, i) => [name, operators[i]] as const))("takes %s", (_name, operator) => {
  const [{ name, bytes }] = exported(operator, 1, 1);
  expect(judge(named(name), formatSafetensors(answer(bytes), {}))).toMatchObject({ ok: true });
});

const [{ name, bytes }] = problems;
it.each<[string, (outputs: ReturnType<typeof answer>) => void, RegExp]>([
  [
    "one element off",
    ({ Y }) => {
      Y.data[0] += 1 + Math.abs(Y.data[0]);
    },
    /^Y\[batch=0 length=0 .*\]: got .* wanted .* bound/,
  ],
  [
    "NaN",
    ({ Y }) => {
      Y.data[0] = Number.NaN;
    },
    /^Y\[.*got NaN/,
  ],
  [
    "an output that is missing",
    (outputs) => {
      delete (outputs as Record<string, unknown>).finalState;
    },
    /^lacks the output finalState$/,
  ],
  [
    "another shape",
    ({ Y }) => {
      (Y as { shape: readonly number[] }).shape = [Y.data.length];
    },
    /^Y has shape \d+, expected \d+x/,
  ],
  [
    "a tensor that it does not have",
    (outputs) => {
      outputs.y = outputs.Y;
    },
    /^has a tensor y; its outputs are Y, finalState/,
  ],
])("fails %s", (_what, spoil, told) => {
  const outputs = answer(bytes);
  spoil(outputs);
  expect(judge(named(name), formatSafetensors(outputs, {}))).toEqual({
    ok: false,
    detail: expect.stringMatching(told),
  });
});

it.each(["ssd", "ssd-1", "ssd-1-2-3", "nothing-1-2", "ssd-9999999999-0", "ssd-0-999999"])(
  "knows no problem %s",
  (text) => {
    expect(() => named(text)).toThrow(/keep the names that --export gave/);
  },
);
