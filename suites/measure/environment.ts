/** Where a run took place: everything a reader needs to judge or repeat its numbers. null where this machine does not say. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  arch,
  availableParallelism,
  cpus,
  freemem,
  hostname,
  loadavg,
  platform,
  release,
  totalmem,
} from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { hashesOf, installedVersion, ownTool, packageRoot, type Tool } from "./provenance.js";

export { packageRoot } from "./provenance.js";

export interface Environment {
  readonly cpu: {
    readonly model: string | null;
    /** Cores this process may use, and those the machine shows. */
    readonly cores: number;
    readonly coresOnline: number;
    readonly mhz: number | null;
    readonly governor: string | null;
    /** CPU quota of the container in cores. */
    readonly quotaCores: number | null;
    readonly flags: string | null;
  };
  readonly memory: {
    readonly totalBytes: number;
    readonly freeBytes: number;
    readonly limitBytes: number | null;
  };
  /** 1, 5 and 15 minutes at the start. */
  readonly load: readonly number[];
  readonly os: {
    readonly platform: string;
    readonly arch: string;
    readonly kernel: string;
    readonly distribution: string | null;
    readonly virtual: string | null;
    readonly host: string;
  };
  readonly node: { readonly version: string; readonly v8: string };
  readonly gpus: readonly {
    readonly model: string | null;
    readonly vendor: string | null;
    readonly driver: string | null;
    readonly memoryBytes: number | null;
  }[];
  /** Versions of the packages that engines may use; null when not installed. */
  readonly packages: Readonly<Record<string, string | null>>;
  /** This code, also where it has no commit; see provenance.ts. */
  readonly dualbench: Tool;
  /** Hashes of the user's modules and of what they import, by path. */
  readonly sources: Readonly<Record<string, string>>;
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly argv: readonly string[];
  readonly seed: number;
  readonly ci: boolean;
}

/** @param files modules of the user that take part */
export async function readEnvironment(
  argv: readonly string[],
  seed: number,
  files: readonly string[] = [],
): Promise<Environment> {
  const [git, si] = await Promise.all([readCommit(), readSystem()]);
  const model = cpus()[0]?.model.trim() || null;
  return {
    cpu: {
      model,
      cores: availableParallelism(),
      coresOnline: cpus().length,
      mhz: cpus()[0]?.speed || null,
      governor: readLine("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
      quotaCores: readQuota(),
      flags: vectorFlags(),
    },
    memory: {
      totalBytes: totalmem(),
      freeBytes: freemem(),
      limitBytes: limitOf(process.constrainedMemory?.()),
    },
    load: loadavg(),
    os: {
      platform: platform(),
      arch: arch(),
      kernel: release(),
      distribution: si.distribution,
      virtual: si.virtual,
      host: hostname(),
    },
    node: { version: process.version, v8: process.versions.v8 },
    gpus: si.gpus,
    packages: packageVersions(),
    dualbench: ownTool(),
    sources: hashesOf(files),
    ...git,
    argv,
    seed,
    ci: Boolean(process.env.CI),
  };
}

/** Zero, or near 2^64, where no limit is set. */
function limitOf(bytes: number | undefined): number | null {
  return bytes && bytes < 2 ** 60 ? bytes : null;
}

function readLine(file: string): string | null {
  try {
    return readFileSync(file, "utf8").trim() || null;
  } catch {
    return null;
  }
}

/** cgroup v2, else v1. */
function readQuota(): number | null {
  const [quota, period] = (readLine("/sys/fs/cgroup/cpu.max") ?? "").split(" ");
  if (quota && quota !== "max") return Number(quota) / Number(period);
  const v1 = Number(readLine("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") ?? -1);
  return v1 > 0 ? v1 / Number(readLine("/sys/fs/cgroup/cpu/cpu.cfs_period_us") ?? 100_000) : null;
}

/** The vector extensions that decide what SIMD code can reach. */
function vectorFlags(): string | null {
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(readLine("/proc/cpuinfo") ?? "")?.[1].split(" ") ?? [];
  return (
    flags.filter((flag) => /^(sse4_2|avx|avx2|fma|avx512[a-z]+|amx.*|asimd|sve2?)$/.test(flag)).join(" ") ||
    null
  );
}

const run = promisify(execFile);

/** Of the checkout this code runs from; an installed package has none. */
export async function readCommit(): Promise<Pick<Environment, "commit" | "dirty">> {
  try {
    const git = (...args: string[]) => run("git", args, { cwd: packageRoot, timeout: 5000 });
    const { stdout: top } = await git("rev-parse", "--show-prefix");
    if (top.trim() !== "") return { commit: null, dirty: null };
    const { stdout: commit } = await git("rev-parse", "HEAD");
    const { stdout: changes } = await git("status", "--porcelain", "--untracked-files=no");
    return { commit: commit.trim(), dirty: changes.trim() !== "" };
  } catch {
    return { commit: null, dirty: null };
  }
}

interface System {
  readonly distribution: string | null;
  readonly virtual: string | null;
  readonly gpus: Environment["gpus"];
}

/** What only system tools know; a machine that answers slowly is recorded as not knowing. */
async function readSystem(): Promise<System> {
  const late = setTimeout(3000, undefined, { ref: false });
  try {
    const si = await import("systeminformation");
    const answers = await Promise.race([Promise.all([si.osInfo(), si.system(), si.graphics()]), late]);
    if (!answers) return { distribution: null, virtual: null, gpus: [] };
    const [os, system, graphics] = answers;
    return {
      distribution: [os.distro, os.release].filter(Boolean).join(" ") || null,
      virtual: system.virtual ? system.virtualHost || "yes" : null,
      gpus: graphics.controllers.map(({ model, vendor, driverVersion, vram }) => ({
        model: model || null,
        vendor: vendor || null,
        driver: driverVersion || null,
        memoryBytes: vram ? vram * 2 ** 20 : null,
      })),
    };
  } catch {
    return { distribution: null, virtual: null, gpus: [] };
  }
}

/** Every package this one names, in whatever role, with the version that is installed. */
function packageVersions(): Record<string, string | null> {
  const own = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as Record<string, unknown>;
  const roles = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies"];
  const names = roles.flatMap((role) => Object.keys((own[role] as Record<string, string> | undefined) ?? {}));
  return Object.fromEntries([...new Set(names)].sort().map((name) => [name, versionOf(name)]));
}

function versionOf(name: string): string | null {
  return installedVersion(name, packageRoot);
}
