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
import { implementationOf } from "../../impls/languages/index.js";
import { randomProblem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/operator.js";
import { orReason } from "../or-reason.js";
import { measuredRows } from "../suites/measure/in-process.js";
import { openSwiftShader } from "./engines/webgpu/adapter.js";

const folder = mkdtempSync(join(tmpdir(), "dualbench-faults-"));
const engines: Engine<unknown>[] = [];
afterAll(async () => {
  for (const engine of engines) await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What is planted: a piece of the template, and what stands there instead. */
type Faults = Readonly<Record<string, readonly [piece: string, instead: string]>>;

const inC: Faults = {
  sign: ["yt[p] += weight", "yt[p] -= weight"],
  "exclusive-decay": ["expf(sum) * dot", "expf(sum + a[s * heads]) * dot"],
  "group-mapping": ["h / (heads / groups)", "h % groups"],
  "last-partial-chunk": ["first < length; first", "first + chunk <= length; first"],
  // works when it finds its outputs poisoned, else leaves what an earlier run wrote
  "stale-output": [
    "const int64_t g =",
    "if (isfinite(finalState[0]) && isfinite(Y[0])) return;\n      const int64_t g =",
  ],
  "one-element": ["yt[p] = 0;", "yt[p] = t == 61 && p == 3;"],
};

const inWgsl: Faults = {
  sign: ["y += weights", "y -= weights"],
  "exclusive-decay": [", 0.0, s == t)", ", a, s == t)"],
  "group-mapping": ["h / (sizes.heads / sizes.groups)", "h % sizes.groups"],
  "last-partial-chunk": ["first < sizes.length; first", "first + CHUNK <= sizes.length; first"],
  "stale-output": [
    "Y[(step",
    "if ((bitcast<u32>(f32(Y[(step + t * sizes.heads) * sizes.headDim + p])) & 0x7f800000u) == 0x7f800000u) { Y[(step",
  ],
  "one-element": ["var y = 0.0;", "var y = select(0.0, 1.0, t == 61u && p == 3u);"],
};

const dims = { batch: 2, length: 100, heads: 4, groups: 2, headDim: 12, state: 6 };
const problem = randomProblem(ssd, { dims, with: ["dt"], seed: 3 });

/** A file with each fault, and the template itself under the name healthy. */
function planted(extension: string, faults: Faults) {
  const template = readFileSync(
    new URL(`../../examples/kernels/ssd_chunked.${extension}`, import.meta.url),
    "utf8",
  );
  const texts = Object.entries(faults).map(([name, [piece, instead]]) => {
    expect(template.split(piece), `${name}: ${piece}`).toHaveLength(2);
    return [name, closed(template.replace(piece, () => instead))] as const;
  });
  return [["healthy", template] as const, ...texts].map(([name, text]) => {
    const file = join(folder, `${name}.${extension}`);
    writeFileSync(file, text);
    return implementationOf(file, text);
  });
}

/** A block that a fault opened in WGSL ends with the statement that it is about. */
function closed(text: string): string {
  return text.replace(/(0x7f800000u\) \{ Y\[.*;)$/m, "$1 }");
}

describe.each<[string, string, Faults, () => Promise<Engine<unknown> | undefined>]>([
  ["C", "c", inC, () => orReason("native", () => openNative())],
  ["WGSL", "wgsl", inWgsl, () => orReason("webgpu", openSwiftShader)],
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
