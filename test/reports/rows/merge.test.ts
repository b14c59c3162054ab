import { describe, expect, it } from "vitest";
import { MergeError, mergeRuns, type Source } from "../../../reports/rows/merge.js";
import type { Row } from "../../../reports/rows/row.js";
import { measured, skipped, syntheticRun } from "../fixtures.js";

const source = (folder: string, rows: readonly Row[], machine = "CPU A, 2 cores"): Source => ({
  folder,
  rows,
  machine,
  run: {
    ...syntheticRun(),
    command: `bench --shard ${folder}`,
    startedUtc: `2026-11-23T12:00:0${folder}.000Z`,
  },
});
const at = (length: number, more = {}) => measured("ssd/chunked.cpu", length, 64, length * 1e3, more);

describe("merge", () => {
  it("puts shards of one machine together and says how each was made", () => {
    const { run, rows, notes } = mergeRuns([source("2", [at(512)]), source("1", [at(1024)])]);
    expect(rows.map(({ length }) => length)).toEqual([512, 1024]);
    expect(run.command).toBe("bench --shard 2; bench --shard 1");
    expect(run.startedUtc).toBe("2026-11-23T12:00:01.000Z");
    expect(notes).toEqual([]);
  });

  it("refuses two machines in one curve, in one line that names both", () => {
    const other = source("2", [at(1024, { device: "CPU B" })], "CPU B, 8 cores");
    const merge = () => mergeRuns([source("1", [at(512)]), other]);
    expect(merge).toThrow(MergeError);
    expect(merge).toThrow(
      /ssd\/chunked\.cpu .* sequence-length would mix two machines, CPU A, 2 cores \(1\) and CPU B, 8 cores \(2\)/,
    );
  });

  it("refuses one device's name for two machines", () => {
    const other = source("2", [measured("attention/tiled.cpu", 512, undefined, 1e6)], "CPU A, 64 cores");
    expect(() => mergeRuns([source("1", [at(512)]), other])).toThrow(/panels of Synthetic CPU/);
  });

  it("takes other machines in other curves", () => {
    const gpu = measured("ssd/chunked.webgpu", 512, 64, 1e5, { device: "GPU" });
    expect(mergeRuns([source("1", [at(512)]), source("2", [gpu], "GPU host")]).rows).toHaveLength(2);
  });

  it("prefers what ran to what was skipped, else the later, and says so", () => {
    const late = at(512, { timeUtc: "2026-11-24T00:00:00.000Z" });
    const { rows, notes } = mergeRuns([
      source("1", [late, at(1024)]),
      source("2", [
        at(512),
        skipped("ssd/chunked.cpu", 1024, 64, 1e9, { timeUtc: "2026-11-25T00:00:00.000Z" }),
      ]),
    ]);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toBe(late);
    expect(rows[1].status).toBe("measured");
    expect(notes[0]).toContain("2 cases are in several folders");
  });

  it("says when commits differ", () => {
    const { notes } = mergeRuns([source("1", [at(512)]), source("2", [at(1024, { commit: "feed" })])]);
    expect(notes.join()).toContain("several commits");
  });
});
