/** The paper's grid on WebGPU before anything runs: what each case will hold, move, compute and dispatch. */
import { describe, expect, it } from "vitest";
import { implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { isFigureOperator } from "../../../reports/analysis/families.js";
import { parseCaseId } from "../../../reports/rows/case-id.js";
import { bench } from "../../scripts/cli.js";
import { here } from "./webgpu/adapter.js";

interface Line {
  readonly id: string;
  readonly unsupported?: string;
  readonly predictedBytes: number;
  readonly largestTensorBytes: number;
  readonly flops: number;
  readonly bytes: number;
  readonly dispatches: number | null;
}

/** What large adapters bind at most. */
const BINDING = 2 ** 32 - 4;

describe.runIf(here)("npm run bench -- --engine webgpu --dry-run --grid paper", () => {
  it("lists every case with its figures, none beyond a binding of 4 GiB", async () => {
    const { code, stdout } = await bench(["--engine", "webgpu", "--dry-run", "--grid", "paper", "--json"]);
    expect(code).toBe(0);
    const lines = (JSON.parse(stdout) as { dryRun: Line[] }).dryRun;
    const names = new Set(lines.map(({ id }) => parseCaseId(id).name));
    const ours = implementations.filter(
      ({ engine, operator }) => engine === "webgpu" && isFigureOperator(operator.name),
    );
    expect([...names].sort()).toEqual([...new Set(ours.map(implementationName))].sort());
    for (const line of lines) {
      expect(line.largestTensorBytes, line.id).toBeLessThanOrEqual(BINDING);
      expect(line.predictedBytes, line.id).toBeGreaterThan(0);
      if (line.unsupported) continue;
      expect(line.dispatches, line.id).toBeGreaterThanOrEqual(1);
      expect(line.flops, line.id).toBeGreaterThan(0);
      expect(line.bytes, line.id).toBeGreaterThan(0);
    }
    expect(lines.filter(({ id }) => id.includes("length=524288")).length).toBeGreaterThan(0);
    const cold = lines.filter(({ id }) => id.includes("cache=cold"));
    expect(2 * cold.length).toBe(lines.length);
  }, 120_000);
});
