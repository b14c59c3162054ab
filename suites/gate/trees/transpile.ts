/**
 * Sources as JavaScript, types not looked at. A process that loads it starts in half the time of one that transpiles for itself, and a
 * gate starts hundreds.
 */
import { execFile } from "node:child_process";
import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** Files that modules read at run time: they lie beside the JavaScript as beside the sources. */
export const ASSET = /\.(wgsl|cu|c|h|py|mjs|css|html|as\.ts)$/;

/**
 * @param to where the folders' JavaScript goes, their assets with it; `from` itself puts it beside the sources
 * @param signal ends the compiler
 * @returns false where the compiler is absent, as in an installation without development packages, or refuses
 */
export async function transpile(
  from: string,
  to: string,
  folders: readonly string[],
  signal?: AbortSignal,
): Promise<boolean> {
  const files = folders
    .filter((folder) => existsSync(join(from, folder)))
    .flatMap((folder) =>
      readdirSync(join(from, folder), { recursive: true, encoding: "utf8" }).map((file) =>
        join(folder, file),
      ),
    );
  const sources = files.filter((file) => /\.ts$/.test(file) && !/\.(as|d)\.ts$/.test(file));
  if (to !== from) for (const file of files) if (ASSET.test(file)) cpSync(join(from, file), join(to, file));
  const project = join(to, "tsconfig.transpile.json");
  const compilerOptions = {
    target: "ES2022",
    module: "NodeNext",
    noCheck: true,
    noResolve: true,
    types: [],
    verbatimModuleSyntax: true,
    rootDir: from,
    outDir: to,
  };
  writeFileSync(project, JSON.stringify({ compilerOptions, files: sources.map((file) => join(from, file)) }));
  try {
    const home = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
    await promisify(execFile)(process.execPath, [join(home, "bin", "tsc"), "-p", project], { signal });
    return true;
  } catch {
    return false;
  }
}
