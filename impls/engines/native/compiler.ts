/** The machine's own C compiler: which one, and libraries made by it, kept in the user's cache folder. */
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cacheFolder, openPrivate } from "../libraries/private-cache.js";

export interface Compiler {
  readonly command: string;
  /** The first line of what it says of itself. */
  readonly version: string;
}

/** @throws one sentence where there is none */
export function findCompiler(): Compiler {
  const command = process.env.CC || "cc";
  const { stdout, status, error } = spawnSync(command, ["--version"], { encoding: "utf8" });
  if (error || status !== 0)
    throw new Error(
      `no C compiler: ${command} cannot be started, which builds the native kernels; install gcc or clang (Debian: apt install gcc), ` +
        "or name one in CC; WebAssembly needs none",
    );
  return { command, version: stdout.split("\n")[0].trim() };
}

/** GNU's C17: products and sums of plain C may contract. No -ffast-math: linked in, it would flush denormals in all of Node. */
const COMMON = [
  "-std=gnu17",
  "-O2",
  "-Wall",
  "-Wextra",
  "-fPIC",
  "-shared",
  "-pthread",
  "-fvisibility=hidden",
];
/** A library stays in the process, since its threads sleep in its code. */
export const LINKING = process.platform === "linux" ? ["-Wl,-z,nodelete"] : [];

/** impls/engines/native/compiler.ts or, once built, below dist: the sources lie beside either. */
const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface Built {
  readonly file: string;
  /** `operator-form`, as in the names of the other engines' kernels. */
  readonly name: string;
  /** Of sources, compiler, flags and architecture: another hash is another kernel. */
  readonly hash: string;
  /** All sources behind each other. */
  readonly text: string;
}

/**
 * The library of some C files, built unless it lies in the cache.
 * @param flags that choose the instruction set; DUALBENCH_CFLAGS adds others, e.g. of sanitizers
 * @throws with the compiler's own words where they do not compile
 */
export async function build(
  compiler: Compiler,
  urls: readonly URL[],
  flags: readonly string[],
): Promise<Built> {
  const paths = urls.map((url) => fileURLToPath(url));
  const sources = closure(paths);
  const more = process.env.DUALBENCH_CFLAGS?.split(" ").filter(Boolean) ?? [];
  const options = [...COMMON, ...flags, ...more, ...LINKING];
  const name = relative(root, paths[0])
    .replaceAll("\\", "/")
    .replace(/^impls\//, "")
    .replace(/\.c$/, "")
    .replace("/native/", "-")
    .replaceAll("/", "-");
  const digest = createHash("sha256").update([compiler.version, process.arch, ...options].join("\0"));
  for (const [path, text] of [...sources].sort(([a], [b]) => (a < b ? -1 : 1)))
    digest.update(relative(root, path).replaceAll("\\", "/")).update(text.replaceAll("\r\n", "\n"));
  const hash = digest.digest("hex").slice(0, 16);
  const file = join(libraryFolder(), `${name}.${hash}.so`);
  if (!existsSync(file)) await compile(compiler, paths, options, file);
  return { file, name, hash, text: [...sources.values()].join("\n") };
}

let unsafe: string | undefined;

/** The cache, or a folder of this process alone where others may write to the cache. */
export function libraryFolder(): string {
  const cache = cacheFolder("native");
  if (openPrivate(cache)) return cache;
  if (!unsafe) {
    const own = mkdtempSync(join(tmpdir(), "dualbench-native-"));
    process.on("exit", () => rmSync(own, { recursive: true, force: true }));
    unsafe = own;
  }
  return unsafe;
}

/** The files and all that they include by name. */
function closure(paths: readonly string[]): Map<string, string> {
  const sources = new Map<string, string>();
  const pending = [...paths];
  for (let path = pending.pop(); path; path = pending.pop()) {
    if (sources.has(path)) continue;
    const text = readFileSync(path, "utf8");
    sources.set(path, text);
    for (const [, included] of text.matchAll(/^#include "([^"]+)"/gm))
      pending.push(join(dirname(path), included));
  }
  return sources;
}

const running = new Map<string, Promise<void>>();

/** Written aside and renamed: a second process that builds the same library never loads half a file. */
function compile({ command }: Compiler, paths: readonly string[], options: readonly string[], file: string) {
  let job = running.get(file);
  if (!job) {
    const aside = `${file}.${process.pid}`;
    job = promisify(execFile)(command, [...options, ...paths, "-o", aside, "-lm"]).then(
      () => renameSync(aside, file),
      (error: Error & { stderr?: string }) => {
        rmSync(aside, { force: true });
        throw new Error(
          `${command} could not compile ${paths.join(" ")}: ${error.stderr?.trim() || error.message}`,
        );
      },
    );
    running.set(file, job);
    job.finally(() => running.delete(file)).catch(() => {});
  }
  return job;
}
