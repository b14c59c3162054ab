/**
 * The state of a GPU beside each block: clocks, throttle reasons, temperature, as nvidia-smi tells them. A block under 75% of the
 * highest clock is measured again; the experiment gives a case up after a few of those.
 */
import { spawnSync } from "node:child_process";
import type { DeviceInfo } from "../../impls/engines/engine.js";
import type { GpuReading } from "../../reports/gate/verdict.js";
import { throttledBy } from "../processes/meters/nvml.js";

const LEAST_CLOCK = 0.75;

const QUERY = "clocks.sm,clocks.max.sm,temperature.gpu,clocks_throttle_reasons.active";

/** One line a GPU of `nvidia-smi --format=csv,noheader,nounits`; what is not a number there is not known. */
export function parseGpuState(text: string): GpuReading[] {
  return text
    .split("\n")
    .map((line) => line.split(",").map((word) => word.trim()))
    .filter((words) => words.length >= 4)
    .map(([clock, max, temperature, throttle]) => ({
      clockMhz: Number(clock),
      maxClockMhz: Number(max),
      temperatureC: /^\d+$/.test(temperature) ? Number(temperature) : null,
      throttle: /^0x[0-9a-f]+$/i.test(throttle) ? Number(throttle) : 0,
    }))
    .filter(({ clockMhz, maxClockMhz }) => clockMhz > 0 && maxClockMhz > 0);
}

/** Why times taken in this state do not count. */
export function spoiledBy({ clockMhz, maxClockMhz, temperatureC, throttle }: GpuReading): string | undefined {
  const reasons = throttledBy(throttle);
  const slow = clockMhz < LEAST_CLOCK * maxClockMhz;
  if (!slow) return undefined;
  const heat = temperatureC === null ? "" : `, ${temperatureC} degrees`;
  const why = reasons.length > 0 ? ` (${reasons.join(", ")})` : "";
  return `the GPU ran at ${clockMhz} of ${maxClockMhz} MHz${heat}${why}`;
}

function readNvidia(): string {
  const { status, stdout } = spawnSync(
    "nvidia-smi",
    [`--query-gpu=${QUERY}`, "--format=csv,noheader,nounits"],
    {
      encoding: "utf8",
      timeout: 5000,
    },
  );
  return status === 0 ? stdout : "";
}

export class GpuWatch {
  /** All states read, for the record. */
  readonly states: GpuReading[] = [];
  private readable = true;

  constructor(private readonly read: () => string = readNvidia) {}

  /** Called right after a block, while its clocks still stand. */
  spoiled(kind: DeviceInfo["kind"] | undefined): string | undefined {
    // beside work on the CPU the clocks of an idle GPU are low, and say nothing
    if (!this.readable || kind !== "gpu") return undefined;
    const states = parseGpuState(this.read());
    this.readable = states.length > 0;
    this.states.push(...states);
    return states.map(spoiledBy).find((why) => why !== undefined);
  }
}
