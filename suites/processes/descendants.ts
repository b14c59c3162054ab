/** Processes that a process has started, and those that they have: what a killed kernel leaves behind, detached or not; their memory. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** A process, told from a later one of the same number by when it began. */
export interface Started {
  readonly pid: number;
  readonly began: string | undefined;
}

/** All of them, the nearest first. A process whose parent has ended belongs to nobody: list before the kill. */
export function descendantsOf(pid: number): Started[] {
  const childrenOf = process.platform === "linux" ? childrenByProc : childrenByPs();
  const found: Started[] = [];
  const left = [pid];
  for (let parent = left.pop(); parent !== undefined; parent = left.pop())
    for (const child of childrenOf(parent)) {
      if (child === pid || found.some((one) => one.pid === child)) continue;
      found.push({ pid: child, began: beginningOf(child) });
      left.push(child);
    }
  return found;
}

/** Ends those that still run. */
export function endAll(processes: readonly Started[]): void {
  for (const { pid, began } of processes) {
    if (began !== undefined && beginningOf(pid) !== began) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // gone by itself, or another user's by now
    }
  }
}

/** Any thread of a process may have started another one. */
function childrenByProc(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const text = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8");
      return text.split(" ").filter(Boolean).map(Number);
    });
  } catch {
    return [];
  }
}

/** One look at all processes; none where there is no `ps`. */
function childrenByPs(): (pid: number) => number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8", timeout: 1000 });
  const pairs = (stdout ?? "").split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return (pid) => pairs.filter(([, parent]) => parent === pid).map(([child]) => child);
}

/** Clock ticks from the machine's start to the process's; known on Linux only. */
function beginningOf(pid: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // its name may hold spaces and brackets
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/** Resident memory of another process; known on Linux only. */
export function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  } catch {
    return 0;
  }
}

export function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
