/** Finds a Python that has torch and opens a device in it. */
import { existsSync } from "node:fs";
import { EngineAbsent } from "../engine.js";
import { type Program, Python } from "./python.js";

/** Interpreters to ask for torch. The system's own stands second: an interpreter of a user often comes first in PATH and has no torch. */
export function candidates(): readonly string[] {
  const named = process.env.DUALBENCH_PYTHON;
  if (named) return [named];
  return process.platform === "win32" ? ["python", "py"] : ["python3", "/usr/bin/python3"];
}

/** Files of which one is there wherever a CUDA or ROCm driver is; WSL has none of NVIDIA's own. */
const DRIVERS = [
  "/dev/nvidiactl",
  "/proc/driver/nvidia/version",
  "/dev/dxg",
  "/dev/kfd",
  "/dev/nvhost-gpu",
  "/dev/nvmap",
];

/** @throws EngineAbsent with one sentence: what is missing and how to add it */
export async function openPython<Described>(
  device: string,
  program?: Program,
): Promise<{ python: Python; described: Described }> {
  if (device !== "cpu" && process.platform === "linux" && !DRIVERS.some((file) => existsSync(file)))
    throw new EngineAbsent("this machine has no driver of an NVIDIA or AMD GPU");
  const commands = candidates();
  const failures: string[] = [];
  for (const command of commands) {
    const python = new Python(command, program);
    try {
      const { value } = await python.call("open", { device });
      return { python, described: value as Described };
    } catch (error) {
      await python.close();
      const { message } = error as Error;
      if (/^torch /.test(message)) throw new EngineAbsent(message);
      failures.push(`${command}: ${message}`);
    }
  }
  throw new EngineAbsent(
    `no Python with torch was found (${failures.join("; ")}); to add it: apt-get install python3-torch ` +
      "libopenblas0-pthread, or pip install torch, or name an interpreter that has it: DUALBENCH_PYTHON=/path/to/python",
  );
}
