/** A card's clock, temperature, throttle reasons and energy, as its driver's library NVML tells them (NVML API reference, 12). */
import { type Declarations, firstThatLoads } from "../../../impls/engines/libraries/koffi.js";
import { sameDevice } from "../../../reports/rows/machine.js";
import type { Meter, Reading } from "./meter.js";

/** Each returns 0 or an error. */
export interface NvmlCalls {
  nvmlInit_v2(): number;
  nvmlDeviceGetCount_v2(count: Uint32Array): number;
  nvmlDeviceGetHandleByIndex_v2(index: number, card: BigUint64Array): number;
  nvmlDeviceGetName(card: bigint, name: Uint8Array, length: number): number;
  nvmlDeviceGetClockInfo(card: bigint, type: number, mhz: Uint32Array): number;
  nvmlDeviceGetTemperature(card: bigint, sensor: number, celsius: Uint32Array): number;
  nvmlDeviceGetCurrentClocksThrottleReasons(card: bigint, reasons: BigUint64Array): number;
  /** Missing before Volta's drivers. */
  nvmlDeviceGetTotalEnergyConsumption?(card: bigint, millijoules: BigUint64Array): number;
}

const declarations: Declarations<NvmlCalls> = {
  nvmlInit_v2: "int nvmlInit_v2()",
  nvmlDeviceGetCount_v2: "int nvmlDeviceGetCount_v2(uint32_t *count)",
  nvmlDeviceGetHandleByIndex_v2: "int nvmlDeviceGetHandleByIndex_v2(uint32_t index, uint64_t *card)",
  nvmlDeviceGetName: "int nvmlDeviceGetName(uint64_t card, uint8_t *name, uint32_t length)",
  nvmlDeviceGetClockInfo: "int nvmlDeviceGetClockInfo(uint64_t card, int type, uint32_t *mhz)",
  nvmlDeviceGetTemperature: "int nvmlDeviceGetTemperature(uint64_t card, int sensor, uint32_t *celsius)",
  nvmlDeviceGetCurrentClocksThrottleReasons:
    "int nvmlDeviceGetCurrentClocksThrottleReasons(uint64_t card, uint64_t *reasons)",
  nvmlDeviceGetTotalEnergyConsumption:
    "?int nvmlDeviceGetTotalEnergyConsumption(uint64_t card, uint64_t *millijoules)",
};

const SM_CLOCK = 1;
const GPU_SENSOR = 0;
const NAME_BYTES = 96;

/** nvmlClocksThrottleReason bits that slow a kernel down against its will; idle and application clocks are none. */
const THROTTLE: readonly (readonly [bit: number, name: string])[] = [
  [0x04, "software power cap"],
  [0x08, "hardware slowdown"],
  [0x20, "software thermal slowdown"],
  [0x40, "hardware thermal slowdown"],
  [0x80, "hardware power brake"],
];

const LIBRARIES = ["libnvidia-ml.so.1", "nvml.dll"];

/** @throws where no driver is here */
export function loadNvml(files: readonly string[] = LIBRARIES): NvmlCalls {
  const found = firstThatLoads(files);
  if ("failures" in found) throw new Error(`no NVML: ${found.failures.join("; ")}`);
  return found.bind(declarations);
}

/**
 * @param device as an engine calls it
 * @returns undefined unless exactly one card has that name: of two equal ones nobody says which an engine runs on
 */
export function cardMeter(device: string, nvml: NvmlCalls): Meter | undefined {
  if (nvml.nvmlInit_v2() !== 0) return undefined;
  const cards = cardsOf(nvml).filter(({ name }) => sameDevice(name) === sameDevice(device));
  if (cards.length !== 1) return undefined;
  const [{ card }] = cards;
  return {
    of: "card",
    state: () => stateOf(nvml, card),
    energy() {
      const start = millijoules(nvml, card);
      if (start === undefined) return undefined;
      return () => {
        const end = millijoules(nvml, card);
        return end === undefined ? undefined : (end - start) / 1e3;
      };
    },
  };
}

function cardsOf(nvml: NvmlCalls): { readonly card: bigint; readonly name: string }[] {
  const count = new Uint32Array(1);
  if (nvml.nvmlDeviceGetCount_v2(count) !== 0) return [];
  return Array.from({ length: count[0] }, (_, index) => index).flatMap((index) => {
    const card = new BigUint64Array(1);
    const name = new Uint8Array(NAME_BYTES);
    if (nvml.nvmlDeviceGetHandleByIndex_v2(index, card) !== 0) return [];
    if (nvml.nvmlDeviceGetName(card[0], name, NAME_BYTES) !== 0) return [];
    return [{ card: card[0], name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))) }];
  });
}

function stateOf(nvml: NvmlCalls, card: bigint): Reading {
  const mhz = new Uint32Array(1);
  const celsius = new Uint32Array(1);
  const reasons = new BigUint64Array(1);
  const hasClock = nvml.nvmlDeviceGetClockInfo(card, SM_CLOCK, mhz) === 0;
  const hasHeat = nvml.nvmlDeviceGetTemperature(card, GPU_SENSOR, celsius) === 0;
  const hasReasons = nvml.nvmlDeviceGetCurrentClocksThrottleReasons(card, reasons) === 0;
  return {
    ...(hasClock ? { clockHz: mhz[0] * 1e6 } : {}),
    ...(hasHeat ? { temperatureC: celsius[0] } : {}),
    ...(hasReasons ? { throttle: throttledBy(Number(reasons[0])) } : {}),
  };
}

/** Names of the bits that are set. */
export function throttledBy(bits: number): string[] {
  return THROTTLE.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}

function millijoules(nvml: NvmlCalls, card: bigint): number | undefined {
  const energy = new BigUint64Array(1);
  return nvml.nvmlDeviceGetTotalEnergyConsumption?.(card, energy) === 0 ? Number(energy[0]) : undefined;
}
