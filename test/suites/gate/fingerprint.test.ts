import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBaseline, writeBaseline } from "../../../suites/gate/baseline.js";
import { differences, fingerprintOf } from "../../../suites/gate/fingerprint.js";
import { GpuWatch, parseGpuState, spoiledBy } from "../../../suites/gate/gpu-watch.js";
import { readEnvironment } from "../../../suites/measure/environment.js";
import { root, temporary } from "../../scripts/cli.js";

describe("GpuWatch", () => {
  it("reads what nvidia-smi prints, gaps included", () => {
    expect(
      parseGpuState("1980, 1980, 41, 0x0000000000000000\n1200, 1980, [N/A], 0x0000000000000024\n"),
    ).toEqual([
      { clockMhz: 1980, maxClockMhz: 1980, temperatureC: 41, throttle: 0 },
      { clockMhz: 1200, maxClockMhz: 1980, temperatureC: null, throttle: 0x24 },
    ]);
    expect(parseGpuState("[N/A], [N/A], [N/A], [N/A]\n")).toEqual([]);
    expect(parseGpuState("")).toEqual([]);
  });

  it("discards a block under three quarters of the clock, and says why", () => {
    const state = { clockMhz: 1485, maxClockMhz: 1980, temperatureC: 88, throttle: 0x60 };
    expect(spoiledBy(state)).toBeUndefined();
    expect(spoiledBy({ ...state, clockMhz: 1484 })).toBe(
      "the GPU ran at 1484 of 1980 MHz, 88 degrees (software thermal slowdown, hardware thermal slowdown)",
    );
  });

  it("asks only where a GPU worked, and no more once it got no answer", () => {
    let asked = 0;
    const watch = new GpuWatch(() => {
      asked++;
      return "";
    });
    expect(watch.spoiled("cpu")).toBeUndefined();
    expect(asked).toBe(0);
    watch.spoiled("gpu");
    watch.spoiled("gpu");
    expect(asked).toBe(1);
    const slow = new GpuWatch(() => "100, 1980, 30, 0x0\n");
    expect(slow.spoiled("gpu")).toMatch(/100 of 1980 MHz/);
    expect(slow.states).toHaveLength(1);
  });
});

describe("fingerprint", () => {
  it("names what differs", async () => {
    const environment = await readEnvironment([], 0);
    const print = fingerprintOf(environment, ["wasm relaxed", "cpu"], root);
    expect(print.hard.node).toBe(process.version);
    expect(print.hard.backend).toBe("cpu, wasm relaxed");
    expect(print.hard.packages).toMatch(/^[0-9a-f]{12}$/);
    expect(differences(print.hard, print.hard)).toEqual([]);
    const other = fingerprintOf({ ...environment, cpu: { ...environment.cpu, model: "another" } }, [], root);
    expect(differences(print.hard, other.hard)).toEqual([
      `cpu ${print.hard.cpu}, was another`,
      "backend cpu, wasm relaxed, was ",
    ]);
  });
});

describe("baseline file", () => {
  it("comes back as it was written", () => {
    const file = join(temporary(), "b.json");
    const baseline = {
      version: 1 as const,
      commit: "c",
      writtenUtc: "2026-01-01T00:00:00Z",
      fingerprint: { hard: { cpu: "x" }, soft: {} },
      cases: { "ssd/x": { screen: [1, 2, 3, 4], confirm: [5] } },
    };
    writeBaseline(file, baseline);
    expect(readBaseline(file)).toEqual(baseline);
  });

  it("is a usage error when it is missing or something else", () => {
    const folder = temporary();
    expect(() => readBaseline(join(folder, "no.json"))).toThrow(/there is no baseline .*--update/);
    for (const text of ["", "{}", '{"version":1,"cases":{"a":{"screen":[0],"confirm":[]}}}']) {
      writeFileSync(join(folder, "bad.json"), text);
      expect(() => readBaseline(join(folder, "bad.json"))).toThrow(/is no baseline/);
    }
  });
});
