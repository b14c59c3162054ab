/**
 * Which implementations a change can touch: those whose file, or whose engine's, reaches a changed file by imports or by naming an
 * asset. What cannot be mapped might do anything, so it means all.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { caseName, parseCaseName } from "../../../reports/rows/case-id.js";
import { neighboursOf } from "../../measure/neighbours.js";

/** An implementation and the files it starts from, relative to the top of the repository. */
export interface Rooted {
  /** `operator/form.engine` */
  readonly name: string;
  readonly files: readonly string[];
}

export type Touched =
  | { readonly all: true; readonly why: string }
  | { readonly all: false; readonly names: ReadonlySet<string> };

/** No kernel can read these; beside a change of code they add nothing. Alone they are an unknown change like any other. */
const NEVER_RUN = /(^|\/)[^/]+\.md$|^test\/|^LICENSE$|^CITATION\.cff$/;

const ASSET = /\.(wgsl|cu|as\.ts|py)$/;

/** The files of a built-in implementation: path is identity. */
export function builtInFiles(name: string): string[] {
  const { operator, form, engine } = parseCaseName(name);
  return [`impls/${operator}/${form}.${engine}.ts`, `impls/engines/${engine}.ts`];
}

/** @param tops folders of both trees: a file that only one of them has, or an import that only one of them makes, counts */
export function touchedBy(
  changed: readonly string[],
  tops: readonly string[],
  implementations: readonly Rooted[],
): Touched {
  if (changed.length === 0) return { all: true, why: "nothing has changed: the same code against itself" };
  const running = changed.filter((file) => !NEVER_RUN.test(file));
  if (running.length === 0) return { all: true, why: `${changed[0]} maps to no implementation` };
  const reach = implementations.map(({ name, files }) => ({
    name,
    reached: new Set(tops.flatMap((top) => files.flatMap((file) => [...closure(top, file)]))),
  }));
  const names = new Set<string>();
  for (const file of running) {
    const hit = reach.filter(({ name, reached }) => reached.has(file) || namedFor(file, name));
    if (hit.length === 0) return { all: true, why: `${file} maps to no implementation` };
    for (const { name } of hit) names.add(name);
  }
  return { all: false, names };
}

/** An asset by its place: `impls/ssd/webgpu/chunked.states.wgsl` is of form chunked on webgpu. */
function namedFor(file: string, name: string): boolean {
  const [, operator, engine, asset] = file.match(/^impls\/([^/]+)\/([^/]+)\/([^/]+)$/) ?? [];
  if (!asset || !ASSET.test(asset)) return false;
  return caseName({ operator, form: asset.split(".")[0], engine }) === name;
}

/** A file and everything it reaches, relative to `top`. */
export function closure(top: string, entry: string): Set<string> {
  const reached = new Set<string>();
  const pending = [entry];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (reached.has(file) || !existsSync(join(top, file))) continue;
    reached.add(file);
    pending.push(...named(top, file));
  }
  return reached;
}

/** What a module's name may leave out. */
const ENDINGS = [".ts", ".js", ".mts", ".mjs", ".cts", ".cjs", ".json", "/index.ts", "/index.js"];

/** Files that a source names by a relative path: imports, dynamic imports, `new URL("./x.wgsl", ...)`. Types have no effect. */
function named(top: string, file: string): string[] {
  if (!/\.([mc]?[jt]s)$/.test(file))
    return neighboursOf(join(top, file), readFileSync(join(top, file), "utf8")).map((path) =>
      relative(top, path).replaceAll("\\", "/"),
    );
  const text = readFileSync(join(top, file), "utf8").replace(/^(import|export)\s+type\s[^;]*;/gm, "");
  return [...text.matchAll(/["'](\.{1,2}\/[^"'\n]+)["']/g)].flatMap(([, specifier]) => {
    const path = join(top, dirname(file), specifier);
    // a name of dots alone is a folder that somebody looks for, not a module
    const endings = /\.\.?\/?$/.test(specifier) ? [] : ENDINGS;
    // of a source and its JavaScript beside it, the source is meant
    const found = [
      path.replace(/\.([mc]?)js$/, ".$1ts"),
      path,
      ...endings.map((ending) => path + ending),
    ].find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
    return found ? [relative(top, found).replaceAll("\\", "/")] : [];
  });
}
