/** What a kernel is compiled from. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

export interface KernelSource {
  /** Parts of the engine's library that come before the texts. */
  readonly libraries?: readonly Library[];
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

/** matrices: words, products of tensor cores, copies, with BFLOAT and MMA_SYNC defined; elements: of a tensor, by their storage type. */
export type Library = "matrices" | "elements";

const LIBRARIES: Readonly<Record<Library, readonly URL[]>> = {
  elements: [new URL("../library/elements.cu", import.meta.url)],
  matrices: [
    new URL("../library/words.cu", import.meta.url),
    new URL("../library/matrices.cu", import.meta.url),
    new URL("../library/products.cu", import.meta.url),
    new URL("../library/copies.cu", import.meta.url),
  ],
};

/** The files of a source, in the order of the text. */
export function pathsOf({ libraries = [], urls }: Pick<KernelSource, "libraries" | "urls">): string[] {
  return [...libraries.flatMap((name) => LIBRARIES[name]), ...urls].map((url) => fileURLToPath(url));
}

/** Several files as one; the compiler's messages name the file and its own line. */
export function programText(paths: readonly string[]): string {
  return paths.map((path) => `#line 1 "${basename(path)}"\n${readFileSync(path, "utf8")}`).join("\n");
}

export function compileOptions(defines: Readonly<Record<string, number | string>>): string[] {
  const given = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`);
  return ["--std=c++17", "--device-as-default-execution-space", ...given];
}
