/** Starts a module beside another one as a child process, from TypeScript sources as well as built. */
import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** @param base `import.meta.url` of the module beside which `name` lies */
export function forkBeside(base: string, name: string): ChildProcess {
  return forkModule(fileURLToPath(new URL(`./${name}${base.slice(-3)}`, base)));
}

export function forkModule(file: string): ChildProcess {
  return fork(file, {
    serialization: "advanced",
    execArgv: loaderFlags(file.slice(-3)),
    // what a kernel prints must not end up in the document on stdout
    stdio: ["ignore", 2, "pipe", "ipc"],
  });
}

/** Flags with which Node runs a module of this kind, from any working directory. */
export function loaderFlags(extension: string): string[] {
  if (extension !== ".ts") return [];
  return ["--import", loaderUrl()];
}

/** What lets Node load TypeScript, once it is imported. */
export function loaderUrl(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
}
