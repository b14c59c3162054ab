/** A row that could not be read back is never written: its case has failed, with the field's name. */
import { expect, it } from "vitest";
import { randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { BELOW_TICK, parseLine } from "../../../reports/rows/parse.js";
import { caseRecords, type Outcome, type RunFacts } from "../../../suites/measure/rows.js";
import type { Case } from "../../../suites/plan/case.js";

const dims = { batch: 1, length: 512, heads: 1, groups: 1, headDim: 64, state: 64 };
const planned = (more: object = {}) =>
  ({
    id: "ssd/chunked.cpu dtype=f32 length=512",
    keys: { dtype: "f32", ...dims, ...more },
    suites: ["sequence-length"],
    form: "chunked",
    operator: ssd,
    problem: randomProblem(ssd, { dims }),
    options: {},
  }) as unknown as Case;

const sample = { hostNs: 1000, startNs: 0, repeats: 1, round: 0, order: 0 };
const measured = {
  status: "measured",
  samples: [sample, sample, sample],
  stopReason: "budget",
  lanes: { lanes: [], checked: 4, total: 4 },
  errorU: 1,
  boundU: 2,
  deterministic: true,
  peakBytes: 100,
  remarks: [],
} as unknown as Outcome;
const mismatch = { place: "Y[0]", index: 0, got: Number.NaN, wanted: 1, bound: 1 };
const facts: RunFacts = { seed: 0, commit: "c", cpu: undefined, repeat: () => "again", timeUtc: () => "now" };
const device = { name: "a device", kind: "cpu", details: {} } as const;

/** What is read of what is written, in the way of a run folder. */
function rowOf(outcome: object, keys: object = {}, made: object = {}) {
  const all = { ...facts, made: () => made };
  const [record] = caseRecords(
    planned(keys),
    outcome as Outcome,
    { device, traits: undefined, ceilings: {} },
    all,
  );
  const reading = parseLine(JSON.stringify(record));
  if (!("record" in reading) || reading.record.record !== "case") throw new Error(JSON.stringify(reading));
  return reading.record.row;
}

it("writes a sound case as it is, with what made it", () => {
  const made = { version: "1.2.3", packages: { a: "4" }, source: "k.ts sha256:0" };
  expect(rowOf(measured, {}, made)).toMatchObject({ status: "measured", medianNs: 1000, ...made });
});

it.each<[string, object, object, RegExp]>([
  ["a chunk that is text", measured, { chunk: "auto" }, /chunk is "auto": expected number/],
  ["a chunk that is no number", measured, { chunk: Number.NaN }, /chunk is NaN/],
  ["a chunk that is a bigint", measured, { chunk: 24n }, /chunk is 24n/],
  ["a chunk that is a list", measured, { chunk: [8] }, /chunk is a list/],
  ["a tile that is a number", measured, { tile: 8 }, /tile is 8: expected string/],
  ["threads below zero", measured, { threads: -1 }, /threads is -1/],
  ["memory that is no number", { ...measured, peakBytes: Number.NaN }, {}, /peakBytes is NaN/],
  ["memory that is text", { ...measured, peakBytes: "1" }, {}, /peakBytes is "1"/],
  ["memory that is a bigint", { ...measured, peakBytes: 5n }, {}, /peakBytes is 5n/],
  ["an endless error", { ...measured, errorU: Number.POSITIVE_INFINITY }, {}, /errorU is Infinity/],
  ["details with a list", { ...measured, details: { tiles: [8] } }, {}, /details\.tiles is a list/],
  ["details that are not a number", { ...measured, details: { a: Number.NaN } }, {}, /details\.a is NaN/],
  [
    "details with a prototype",
    { ...measured, details: JSON.parse('{"__proto__":1}') },
    {},
    /__proto__ is no field/,
  ],
])("fails a case with %s, which stays readable", (_, outcome, keys, reason) => {
  const row = rowOf(outcome, keys);
  expect(row).toMatchObject({ status: "failed", length: 512, reason: expect.stringMatching(reason) });
});

it("keeps why a case failed, whatever else is wrong with it", () => {
  expect(rowOf({ status: "failed", reason: "no answer" }, { chunk: "auto" }).reason).toBe(
    "no answer; repeat: again",
  );
});

it("keeps a rejection whose error is no number a rejection", () => {
  for (const errorU of [Number.POSITIVE_INFINITY, Number.NaN]) {
    const { lanes } = measured as { lanes: unknown } & Outcome;
    const row = rowOf({ status: "rejected", when: "verification", mismatch, lanes, errorU, boundU: 5 });
    expect(row).toMatchObject({ status: "rejected", boundU: 5 });
    expect(row).not.toHaveProperty("errorU");
  }
});

it("says of a clock that saw nothing pass that it did, and draws no zero", () => {
  const samples = Array(3).fill({ ...sample, hostNs: 0 });
  expect(rowOf({ ...measured, samples })).toMatchObject({ status: "failed", reason: BELOW_TICK });
});

it("stores no control characters", () => {
  expect(rowOf({ status: "failed", reason: "a\u001b[2J\nb" }).reason).toBe("a\\u001b[2J b; repeat: again");
});
