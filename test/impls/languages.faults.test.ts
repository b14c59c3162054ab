/**
 * Faults planted in a file of each language that runs here, through the whole of the runner: every one is rejected, the file that they
 * were planted in is measured.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Engine } from "../../impls/engines/engine.js";
import { open as openNative } from "../../impls/engines/native.js";
import { open as openWebgpu } from "../../impls/engines/webgpu.js";
import { implementationOf } from "../../impls/languages/index.js";
import { randomProblem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/operator.js";
import { orReason } from "../or-reason.js";
import { measuredRows } from "../suites/measure/in-process.js";

const folder = mkdtempSync(join(tmpdir(), "dualbench-faults-"));
const engines: Engine<unknown>[] = [];
afterAll(async () => {
  for (const engine of engines) await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What is planted: a piece of the template, and what stands there instead. */
type Faults = Readonly<Record<string, readonly [piece: string, instead: string]>>;

const inC: Faults = {
  sign: ["decay * S[p * state + n] + x", "decay * S[p * state + n] - x"],
  "exclusive-decay": [
    "decay * S[p * state + n] + x * B[row + n]",
    "decay * (S[p * state + n] + x * B[row + n])",
  ],
  "group-mapping": ["h / (heads / groups)", "h % groups"],
  "last-partial-chunk": ["t < length; t++", "t < length - length % 64; t++"],
  // works when it finds its outputs poisoned, else leaves what an earlier run wrote
  "stale-output": [
    "const int64_t g =",
    "if (isfinite(finalState[0]) && isfinite(Y[0])) return;\n      const int64_t g =",
  ],
  "never-writes": ["Y[step * headDim + p] = y;", "(void)y;"],
  "one-element": ["Y[step * headDim + p] = y;", "Y[step * headDim + p] = y + (step == 123 && p == 3);"],
};

const inWgsl: Faults = {
  sign: ["decay * finalState[S + n] + x", "decay * finalState[S + n] - x"],
  "exclusive-decay": [
    "decay * finalState[S + n] + x * f32(B[row + n])",
    "decay * (finalState[S + n] + x * f32(B[row + n]))",
  ],
  "group-mapping": ["h / (sizes.heads / sizes.groups)", "h % sizes.groups"],
  "last-partial-chunk": ["t < sizes.length; t++", "t < sizes.length - sizes.length % 64u; t++"],
  "stale-output": [
    "  let b = place.z;",
    "  if ((bitcast<u32>(f32(Y[p])) & 0x7f800000u) != 0x7f800000u) { return; }\n  let b = place.z;",
  ],
  "never-writes": ["Y[step * sizes.headDim + p] = elem(y);", "if (y == 1e30) { Y[0] = elem(y); }"],
  "one-element": [
    "Y[step * sizes.headDim + p] = elem(y);",
    "Y[step * sizes.headDim + p] = elem(select(y, y + 1.0, step == 123u && p == 3u));",
  ],
};

const dims = { batch: 2, length: 100, heads: 4, groups: 2, headDim: 12, state: 6 };
const problem = randomProblem(ssd, { dims, with: ["dt"], seed: 3 });

/** A file with each fault, and the template itself under the name healthy. */
function planted(extension: string, faults: Faults) {
  const template = readFileSync(new URL(`../../examples/kernels/ssd.${extension}`, import.meta.url), "utf8");
  const texts = Object.entries(faults).map(([name, [piece, instead]]) => {
    expect(template.split(piece), `${name}: ${piece}`).toHaveLength(2);
    return [name, template.replace(piece, () => instead)] as const;
  });
  return [["healthy", template] as const, ...texts].map(([name, text]) => {
    const file = join(folder, `${name}.${extension}`);
    writeFileSync(file, text);
    return implementationOf(file, text);
  });
}

describe.each<[string, string, Faults, () => Promise<Engine<unknown> | undefined>]>([
  ["C", "c", inC, () => orReason("native", () => openNative())],
  ["WGSL", "wgsl", inWgsl, () => orReason("webgpu", () => openWebgpu("swiftshader"))],
])("in %s", (_language, extension, faults, open) => {
  it("every planted fault is rejected, and only those", { timeout: 120_000 }, async ({ skip }) => {
    const engine = await open();
    if (!engine) return skip("the engine is absent: printed above");
    engines.push(engine);
    const rows = await measuredRows(engine, planted(extension, faults), problem);
    const found = Object.fromEntries(rows.map((row) => [row.make, row.status]));
    const wanted = Object.keys(faults).map((name) => [name, "rejected"]);
    expect(found).toEqual({ healthy: "measured", ...Object.fromEntries(wanted) });
  });
});
