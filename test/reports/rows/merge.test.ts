import { describe, expect, it } from "vitest";
import { mergeRuns, type Source } from "../../../reports/rows/merge.js";
import type { Row } from "../../../reports/rows/row.js";
import { measured, skipped, syntheticRun } from "../fixtures.js";

const machine = (cores: number, host = "one", node = "v20.1.0") => ({
  cpu: { model: "CPU A", cores },
  os: { platform: "linux", arch: "x64", host },
  node: { version: node },
});
const source = (folder: string, rows: readonly Row[], environment: object = machine(2)): Source => ({
  folder,
  rows,
  run: {
    ...syntheticRun(),
    command: `bench --shard ${folder}`,
    environment: { ...environment },
    startedUtc: `2026-11-23T12:00:0${folder}.000Z`,
  },
});
const at = (length: number, more = {}) => measured("ssd/chunked.cpu", length, 64, length * 1e3, more);

describe("merge", () => {
  it("puts shards of one machine together and says how each was made", () => {
    const { run, rows, notes } = mergeRuns([source("2", [at(512)]), source("1", [at(1024)])]);
    expect(rows.map(({ length }) => length)).toEqual([512, 1024]);
    expect(run.commands).toEqual(["bench --shard 2", "bench --shard 1"]);
    expect(run.startedUtc).toBe("2026-11-23T12:00:01.000Z");
    expect(run.environment).toEqual(machine(2));
    expect(notes).toEqual([]);
  });

  it.each<[string, object, string, string]>([
    ["cores", machine(64), "CPU A, 2 cores, linux x64", "CPU A, 64 cores, linux x64"],
    ["hosts", machine(2, "two"), "host one", "host two"],
    ["versions of Node", machine(2, "one", "v22.0.0"), "Node v20.1.0", "Node v22.0.0"],
  ])("gives a device a name for each of two %s, and keeps both environments", (_, other, here, there) => {
    const { run, rows } = mergeRuns([source("1", [at(512)]), source("2", [at(512), at(1024)], other)]);
    const device = at(512).device;
    expect(rows.map((row) => row.device)).toEqual([
      `${device} (${here})`,
      ...Array(2).fill(`${device} (${there})`),
    ]);
    expect(run.environment).toEqual({ [here]: machine(2), [there]: other });
  });

  it("takes devices of other machines as they are called", () => {
    const gpu = measured("ssd/chunked.webgpu", 512, 64, 1e5, { device: "GPU" });
    const { rows } = mergeRuns([source("1", [at(512)]), source("2", [gpu], machine(8, "gpu-host"))]);
    expect(rows.map(({ device }) => device)).toEqual([at(512).device, "GPU"]);
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

  it("says when commits or versions differ", () => {
    const { notes } = mergeRuns([
      source("1", [at(512)]),
      source("2", [at(1024, { commit: "feed", version: "9" })]),
    ]);
    expect(notes.join()).toMatch(/several commits.*several versions of dualbench: unknown, 9/);
  });
});
