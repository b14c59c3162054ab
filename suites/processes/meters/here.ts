/** The meter of this machine that belongs to a device. */
import type { DeviceInfo } from "../../../impls/engines/engine.js";
import type { Meter } from "./meter.js";
import { cardMeter, loadNvml } from "./nvml.js";
import { packageMeter } from "./rapl.js";

/** Of the processor that an engine runs on; undefined where it tells nothing. */
export function meterOf({ kind, name }: DeviceInfo): Meter | undefined {
  try {
    return kind === "gpu" ? cardMeter(name, loadNvml()) : packageMeter("/sys/class/powercap");
  } catch {
    // no driver, no koffi, or files that only root may read
    return undefined;
  }
}
