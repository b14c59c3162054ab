/** Declarations of how far NaN goes: what is beyond them is a violation, what stays within is counted. */
import { describe, expect, it } from "vitest";
import type { AnyImplementation } from "../../../../impls/implementation.js";
import { implementations, operatorNamed } from "../../../../impls/index.js";
import { blockLength, describeSpread, type NonFinite, spreadOf } from "../../../../impls/spread.js";
import { heldToSpread } from "../../../../suites/laws/non-finite/spread.js";
import { buildProblem } from "../../../../suites/problems/build.js";
import { formatPolicy, policyOf } from "../../../../suites/verify/policy.js";
import { subjectOf } from "../../../../suites/verify/subject.js";
import { cpuTarget } from "../../targets.js";

const convolution = operatorNamed("convolution");
const problem = buildProblem(
  convolution,
  {
    operator: "convolution",
    dims: { batch: 1, length: 6, heads: 1, headDim: 1 },
    seed: 0,
    values: "coherent",
    decay: "none",
    with: [],
    alternative: [],
    settings: {},
    dtype: 0,
  },
  "f32",
);
const fft = implementations.find(
  ({ operator, form, engine }) => `${operator.name} ${form} ${engine}` === "convolution fft cpu",
)!;

function held(nonFinite: NonFinite | undefined, at: number) {
  const { nonFinite: _, ...rest } = fft;
  const impl = { ...rest, ...(nonFinite && { nonFinite }) } as AnyImplementation;
  return heldToSpread(subjectOf(cpuTarget(impl), "f32", {}), problem, { input: "u", at }, Number.NaN);
}

describe("a transform, which spreads a NaN over its row", () => {
  it("breaks the law where it declares nothing", async () => {
    expect(await held(undefined, 3)).toMatchObject({ ok: false });
    expect(JSON.stringify(await held(undefined, 3))).toMatch(
      /with NaN in u\[batch=0 length=3 .*Y\[batch=0 length=0 .* reaches nothing else/,
    );
  });

  it("breaks it where it declares too little", async () => {
    expect(await held({ tokens: 2 }, 3)).toMatchObject({ ok: false });
    expect(await held({ borders: true }, 3)).toMatchObject({ ok: false });
  });

  it("keeps it by its declaration, and says whether that was needed", async () => {
    expect(await held({ tokens: "row" }, 3)).toEqual({
      ok: true,
      reached: { may: "tokens of its row", did: true },
    });
    expect(await held({ tokens: "row" }, 0)).toEqual({
      ok: true,
      reached: { may: "tokens of its row", did: false },
    });
  });
});

describe("declarations", () => {
  it("are of an implementation, or of each make", () => {
    expect(spreadOf(undefined, {})).toEqual({});
    expect(spreadOf({ makes: { tile: { tokens: 64 } } }, { make: "tile" })).toEqual({ tokens: 64 });
    expect(spreadOf({ makes: { tile: { tokens: 64 } } }, {})).toEqual({});
  });

  it("name tokens by number, chunk or row", () => {
    expect(blockLength({ tokens: "chunk" }, { chunk: 16 })).toBe(16);
    expect(blockLength({ tokens: "row" }, {})).toBe(Number.POSITIVE_INFINITY);
    expect(blockLength({ borders: true }, { chunk: 16 })).toBeUndefined();
    expect(describeSpread({ tokens: 32, borders: true })).toBe(
      "tokens of its block of 32; tokens behind borders and resets",
    );
    expect(describeSpread({})).toBe("nothing else");
  });

  it("are printed with how often they were needed", () => {
    const policy = policyOf();
    policy.add("a", { may: "tokens of its row", did: true });
    policy.add("a", { may: "tokens of its row", did: false });
    policy.add("long name", { may: "tokens of its chunk", did: false });
    policy.add("exact", { may: describeSpread({}), did: false });
    expect(formatPolicy(policy.rows())).toEqual([
      "NaN and Infinity show in the outputs that read them, and beside those in:",
      "  a          tokens of its row (seen in 1 of 2)",
      "  long name  tokens of its chunk (not seen in 1)",
      "  no other output of the other 1 implementations (1 tries)",
    ]);
    expect(formatPolicy([])).toEqual([]);
  });
});
