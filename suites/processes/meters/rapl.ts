/** Energy of the CPUs' packages, as Linux tells it in its powercap files (RAPL, of Intel and AMD). Most systems let only root read it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Meter } from "./meter.js";

/** Zones of whole packages; parts of them have a second number. */
const ZONE = /^intel-rapl:\d+$/;

interface Zone {
  readonly file: string;
  /** Where its counter begins anew. */
  readonly range: number;
}

/**
 * @param folder /sys/class/powercap
 * @returns undefined where no package tells its energy
 */
export function packageMeter(folder: string): Meter | undefined {
  const zones = zonesIn(folder);
  if (zones.length === 0) return undefined;
  return {
    of: "package",
    energy() {
      const starts = zones.map(({ file }) => numberIn(file));
      return () => {
        const spent = zones.map(({ file, range }, i) => {
          const microjoules = numberIn(file) - starts[i];
          return microjoules < 0 ? microjoules + range : microjoules;
        });
        return spent.reduce((sum, one) => sum + one, 0) / 1e6;
      };
    },
  };
}

/** @throws where one may not be read: half of the packages would be half of the energy */
function zonesIn(folder: string): Zone[] {
  return readdirSync(folder)
    .filter(
      (name) => ZONE.test(name) && readFileSync(join(folder, name, "name"), "utf8").startsWith("package"),
    )
    .map((name) => {
      const file = join(folder, name, "energy_uj");
      numberIn(file);
      return { file, range: numberIn(join(folder, name, "max_energy_range_uj")) };
    });
}

/** @throws where the file is missing, may not be read, or holds no number */
function numberIn(file: string): number {
  const text = readFileSync(file, "utf8").trim();
  if (!/^\d+$/.test(text)) throw new Error(`${file} holds "${text}", not a number`);
  return Number(text);
}
