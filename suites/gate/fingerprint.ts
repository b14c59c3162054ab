/** What a machine is, for comparing times across days. Hard facts must agree; soft ones are named when they do not. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../measure/environment.js";
import { lockText } from "./trees/git.js";

export interface Fingerprint {
  readonly hard: Readonly<Record<string, string>>;
  readonly soft: Readonly<Record<string, string>>;
}

const UNKNOWN = "unknown";

/** @param backends what each engine runs on, in words */
export function fingerprintOf(
  environment: Environment,
  backends: readonly string[],
  top: string,
): Fingerprint {
  const { cpu, node, gpus, os } = environment;
  return {
    hard: {
      cpu: cpu.model ?? UNKNOWN,
      cores: String(cpu.cores),
      quota: cpu.quotaCores === null ? "none" : String(cpu.quotaCores),
      node: node.version,
      v8: node.v8,
      gpu: gpus.map(({ model }) => model ?? UNKNOWN).join(", ") || "none",
      driver: gpus.map(({ driver }) => driver ?? UNKNOWN).join(", ") || "none",
      backend: [...backends].sort().join(", "),
      packages: createHash("sha256").update(lockText(top)).digest("hex").slice(0, 12),
    },
    soft: {
      governor: cpu.governor ?? UNKNOWN,
      kernel: os.kernel,
      power: powerSource(),
    },
  };
}

/** In words, what differs: "node v20.1.0, was v20.0.0". */
export function differences(
  now: Readonly<Record<string, string>>,
  then: Readonly<Record<string, string>>,
): string[] {
  return [...new Set([...Object.keys(now), ...Object.keys(then)])]
    .filter((key) => now[key] !== then[key])
    .map((key) => `${key} ${now[key] ?? UNKNOWN}, was ${then[key] ?? UNKNOWN}`);
}

/** Mains or battery, where Linux says so. */
function powerSource(folder = "/sys/class/power_supply"): string {
  try {
    const online = readdirSync(folder).flatMap((name) => {
      try {
        return [readFileSync(join(folder, name, "online"), "utf8").trim()];
      } catch {
        return [];
      }
    });
    return online.length === 0 ? UNKNOWN : online.includes("1") ? "mains" : "battery";
  } catch {
    return UNKNOWN;
  }
}
