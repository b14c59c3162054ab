/** What a kernel is compiled from. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";

export interface KernelSource {
  /** Texts put behind each other, as if they were one file. */
  readonly urls: readonly URL[];
  readonly defines?: Readonly<Record<string, number | string>>;
  /** Name of the `extern "C" __global__` function. */
  readonly entry: string;
  /** Uses nothing that only one architecture has. */
  readonly plain?: boolean;
  /** Flags of the compiler beside those of all kernels. */
  readonly flags?: readonly string[];
  /** A user's: it may include other files, so that its text alone does not say what it is, and nothing of it is kept. */
  readonly foreign?: boolean;
}

/** Several files as one; the compiler's messages name the file and its own line. */
export function programText(paths: readonly string[]): string {
  return paths.map((path) => `#line 1 "${basename(path)}"\n${readFileSync(path, "utf8")}`).join("\n");
}

export function compileOptions(defines: Readonly<Record<string, number | string>>): string[] {
  const given = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`);
  return ["--std=c++17", "--device-as-default-execution-space", ...given];
}
