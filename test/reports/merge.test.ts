/** Shards become one run; machines, commits and grids are never mixed in one curve. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ForeignRun, mergeRuns } from "../../reports/merge.js";
import type { RunRecord } from "../../reports/row.js";
import { RunStore } from "../../reports/store.js";
import { temporary } from "../scripts/cli.js";
import { measuredRow } from "./rows.js";

const machine = {
  cpu: { model: "A CPU", cores: 2, quotaCores: null },
  os: { platform: "linux", arch: "x64" },
  gpus: [],
};

function folder(
  ids: readonly string[],
  environment: object = {},
  plan: Partial<RunRecord["plan"]> = {},
): string {
  const path = join(temporary(), "run");
  const store = RunStore.create(path, {
    record: "run",
    version: 1,
    command: "npm run bench",
    plan: { grid: "quick", seed: 0, options: {}, ids: ids.map((id) => `sequence-length\t${id}`), ...plan },
    environment: { ...machine, commit: "abc", dirty: false, ...environment },
    startedUtc: "2026-01-01T00:00:00.000Z",
  });
  store.append(ids.map((id) => ({ record: "case", row: measuredRow({ id }) })));
  store.close();
  return path;
}

describe("mergeRuns", () => {
  it("puts the shards of one plan together", () => {
    const { run, cases } = mergeRuns([folder(["a", "b"]), folder(["c"])]);
    expect(cases.map(({ row }) => row.id)).toEqual(["a", "b", "c"]);
    expect(run.plan.ids).toEqual(["a", "b", "c"].map((id) => `sequence-length\t${id}`));
  });

  it.each([
    ["machine", { cpu: { ...machine.cpu, model: "Another CPU" } }, {}],
    ["machine", { cpu: { ...machine.cpu, cores: 64 } }, {}],
    ["commit", { commit: "def" }, {}],
    ["commit", { dirty: true }, {}],
    ["grid", {}, { grid: "paper" }],
    ["seed", {}, { seed: 1 }],
  ])("refuses another %s", (what, environment, plan) => {
    const merge = () => mergeRuns([folder(["a"]), folder(["b"], environment, plan)]);
    expect(merge).toThrow(ForeignRun);
    expect(merge).toThrow(new RegExp(`differs from .* in its ${what}`));
  });

  it("refuses the same case twice", () => {
    expect(() => mergeRuns([folder(["a"]), folder(["a"])])).toThrow(/both hold .*give each shard/);
  });
});
