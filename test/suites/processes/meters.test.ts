/** What machines tell beside a case: a card through a library of C and through a table, packages through files, a row through a session. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { open as openCpu } from "../../../impls/engines/cpu.js";
import { findCompiler } from "../../../impls/engines/native/compiler.js";
import { recurrentCpu } from "../../../impls/ssd/recurrent.cpu.js";
import { type Meter, summed } from "../../../suites/processes/meters/meter.js";
import { cardMeter, loadNvml, type NvmlCalls, throttledBy } from "../../../suites/processes/meters/nvml.js";
import { packageMeter } from "../../../suites/processes/meters/rapl.js";
import { temporary } from "../../scripts/cli.js";
import { measuredRows } from "../measure/in-process.js";
import { tiny } from "../measure/synthetic.js";

/** Two cards: the first at 1,410 MHz, 63 degrees, capped and hot; each look at its energy finds 250 mJ more. */
const LIBRARY = `
#include <stdint.h>
#include <string.h>
static uint64_t energy = 1000;
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetCount_v2(uint32_t *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(uint32_t index, uint64_t *card) { *card = 0x7f0012345678ull + index; return 0; }
int nvmlDeviceGetName(uint64_t card, uint8_t *name, uint32_t length) {
  strncpy((char *)name, card == 0x7f0012345678ull ? "NVIDIA H200" : "NVIDIA T4", length);
  return 0;
}
int nvmlDeviceGetClockInfo(uint64_t card, int type, uint32_t *mhz) { *mhz = type == 1 ? 1410 : 0; return 0; }
int nvmlDeviceGetTemperature(uint64_t card, int sensor, uint32_t *celsius) { *celsius = 63; return sensor; }
int nvmlDeviceGetCurrentClocksThrottleReasons(uint64_t card, uint64_t *reasons) { *reasons = 0x25; return 0; }
int nvmlDeviceGetTotalEnergyConsumption(uint64_t card, uint64_t *mj) {
  energy += 250;
  *mj = energy;
  return card == 0x7f0012345678ull ? 0 : 3;
}
`;

let compiler: string | undefined;
try {
  compiler = findCompiler().command;
} catch (error) {
  console.log(`NVML through a library of C is skipped: ${(error as Error).message}`);
}

function table(names: readonly string[], change: Partial<NvmlCalls> = {}): NvmlCalls {
  return {
    nvmlInit_v2: () => 0,
    nvmlDeviceGetCount_v2: (count) => {
      count[0] = names.length;
      return 0;
    },
    nvmlDeviceGetHandleByIndex_v2: (index, card) => {
      card[0] = BigInt(index);
      return 0;
    },
    nvmlDeviceGetName: (card, name) => {
      name.set(new TextEncoder().encode(names[Number(card)]));
      return 0;
    },
    nvmlDeviceGetClockInfo: () => 3,
    nvmlDeviceGetTemperature: () => 3,
    nvmlDeviceGetCurrentClocksThrottleReasons: () => 3,
    ...change,
  };
}

describe("a card", () => {
  it.skipIf(compiler === undefined)("tells through its library what it does", () => {
    const folder = temporary();
    const [source, library] = ["nvml.c", "libnvml.so"].map((name) => join(folder, name));
    writeFileSync(source, LIBRARY);
    execFileSync(compiler!, ["-shared", "-fPIC", "-o", library, source]);
    const nvml = loadNvml([library]);
    const meter = cardMeter("nvidia-h200", nvml)!;
    const throttle = ["software power cap", "software thermal slowdown"];
    expect(meter.state?.()).toEqual({ clockHz: 1.41e9, temperatureC: 63, throttle });
    expect(meter.energy()?.()).toBe(0.25);
    // this one keeps its energy to itself
    expect(cardMeter("NVIDIA T4", nvml)?.energy()).toBeUndefined();
  });

  it("is looked at only where one alone has the engine's name, and tells what it can", () => {
    expect(cardMeter("NVIDIA A100", table(["NVIDIA H200"]))).toBeUndefined();
    expect(cardMeter("NVIDIA H200", table(["NVIDIA H200", "NVIDIA H200"]))).toBeUndefined();
    expect(cardMeter("NVIDIA H200", table(["NVIDIA H200"], { nvmlInit_v2: () => 9 }))).toBeUndefined();
    const silent = cardMeter("NVIDIA H200", table(["NVIDIA T4", "NVIDIA H200"]))!;
    expect(silent.state?.()).toEqual({});
    expect(silent.energy()).toBeUndefined();
    expect(() => loadNvml(["/nowhere/libnvidia-ml.so.1"])).toThrow(/^no NVML: /);
  });

  it("has a middle clock, its highest heat, and all that slowed it down", () => {
    const cool = { clockHz: 3e9, temperatureC: 40, throttle: [] };
    expect(summed([cool, { clockHz: 1e9, temperatureC: 80, throttle: throttledBy(0x48) }, cool])).toEqual({
      clockHz: 3e9,
      temperatureC: 80,
      throttle: "hardware slowdown; hardware thermal slowdown",
    });
    expect(summed([cool]).throttle).toBe("none");
    expect(summed([{}])).toEqual({});
  });
});

describe("packages", () => {
  function powercap(zones: Readonly<Record<string, readonly [name: string, microjoules: string]>>): string {
    const folder = temporary();
    for (const [zone, [name, microjoules]] of Object.entries(zones)) {
      mkdirSync(join(folder, zone));
      writeFileSync(join(folder, zone, "name"), `${name}\n`);
      writeFileSync(join(folder, zone, "energy_uj"), `${microjoules}\n`);
      writeFileSync(join(folder, zone, "max_energy_range_uj"), "1000000\n");
    }
    return folder;
  }

  it("add up, through the end of a counter's range; parts of them count once", () => {
    const folder = powercap({
      "intel-rapl:0": ["package-0", "900000"],
      "intel-rapl:1": ["package-1", "100"],
      "intel-rapl:0:0": ["core", "7"],
      "intel-rapl:2": ["psys", "7"],
    });
    const joules = packageMeter(folder)!.energy()!;
    writeFileSync(join(folder, "intel-rapl:0", "energy_uj"), "400000\n");
    writeFileSync(join(folder, "intel-rapl:1", "energy_uj"), "250100\n");
    expect(joules()).toBeCloseTo(0.75, 12);
  });

  it("tell nothing where there are none, and throw where one cannot be read", () => {
    expect(packageMeter(temporary())).toBeUndefined();
    expect(() => packageMeter(powercap({ "intel-rapl:0": ["package-0", "secret"] }))).toThrow(/not a number/);
  });
});

describe("a row", () => {
  /** Of a processor that takes 50 W all the time, but for the moments between two looks at the clock. */
  const meter: Meter = {
    of: "card",
    state: () => ({ clockHz: 1.5e9, temperatureC: 50, throttle: [] }),
    energy() {
      const start = performance.now();
      return () => (50 * (performance.now() - start)) / 1e3;
    },
  };

  it("says what was told beside its runs: energy a token is power times time over tokens", async () => {
    const measured = async (grid: "quick" | "default", told?: Meter) => {
      const [row] = await measuredRows(await openCpu(), [recurrentCpu], tiny, { grid, meterOf: () => told });
      if (row.status !== "measured") throw new Error(row.reason);
      return row;
    };
    const row = await measured("default", meter);
    expect(row).toMatchObject({
      ...{ processorClockHz: 1.5e9, temperatureC: 50, throttle: "none", energyOf: "card" },
    });
    expect(row.joulesPerToken! / ((50 * row.medianNs) / 1e9 / 8)).toBeCloseTo(1, 2);
    // a grid of less than a minute has no time for it, and a machine may tell nothing
    const { joulesPerToken, temperatureC } = await measured("quick", meter);
    expect([joulesPerToken, temperatureC]).toEqual([undefined, 50]);
    const keys = Object.keys(await measured("default"));
    expect(keys.filter((key) => /clockHz|temperature|throttle|joules|energy/i.test(key))).toEqual([]);
  });
});
