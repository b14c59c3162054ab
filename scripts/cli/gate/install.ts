/** The packages of a base whose lock file is another one. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** `npm ci` in a folder that has a lock file. @throws when npm fails, with its last words */
export function installPackages(folder: string, signal: AbortSignal): Promise<void> {
  if (!existsSync(join(folder, "package-lock.json"))) return Promise.resolve();
  process.stderr.write("gate: the base has other packages; installing them\n");
  // npm is a script on Windows
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const child = spawn(npm, ["ci", "--no-audit", "--no-fund"], {
    cwd: folder,
    signal,
    shell: process.platform === "win32",
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-2000);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`npm ci ended with ${code}: ${words.trim().split("\n").at(-1)}`)),
    );
  });
}
