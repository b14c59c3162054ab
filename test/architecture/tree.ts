/** A tree of sources as arrows between its files. The real tree and a planted one go through this reader. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { type Kind, readSource } from "./references.js";

export interface Arrow {
  readonly from: string;
  /** A file of the tree, or the name of a package. */
  readonly to: string;
  readonly kind: Kind;
  /** False for a package. */
  readonly local: boolean;
}

export interface Tree {
  /** Relative to the top, with forward slashes; all files, also those that no reader understands. */
  readonly files: readonly string[];
  readonly arrows: readonly Arrow[];
  readonly effects: readonly { readonly file: string; readonly name: string }[];
  /** Local arrows that lead nowhere. */
  readonly broken: readonly Arrow[];
}

/** Rows, pictures and baselines of machines are data, however many there are. */
const DATA = /^reports\/(runs|published|baselines)\//;

export function readTree(top: string, folders: readonly string[]): Tree {
  const files = folders.flatMap((folder) => filesBelow(top, folder)).filter((file) => !DATA.test(file));
  const sources = files.map((file) => ({
    file,
    ...readSource(file, readFileSync(join(top, file), "utf8")),
  }));
  const arrows = sources.flatMap(({ file, references }) =>
    references.map(({ kind, specifier }) => arrow(top, file, kind, specifier)),
  );
  return {
    files,
    arrows,
    effects: sources.flatMap(({ file, effects }) => effects.map((name) => ({ file, name }))),
    broken: arrows.filter(({ to, local }) => local && !existsSync(join(top, to))),
  };
}

function filesBelow(top: string, folder: string): string[] {
  if (!existsSync(join(top, folder))) return [];
  return readdirSync(join(top, folder), { recursive: true, encoding: "utf8" })
    .map((file) => relative(top, join(top, folder, file)).replaceAll("\\", "/"))
    .filter((file) => !file.includes("__pycache__") && statSync(join(top, file)).isFile())
    .sort();
}

function arrow(top: string, from: string, kind: Kind, specifier: string): Arrow {
  const beside = posix.join(dirname(from), specifier);
  if (from.endsWith(".py")) {
    const module = `${beside}.py`;
    const local = existsSync(join(top, module));
    return { from, kind, local, to: local ? module : specifier };
  }
  if (!specifier.startsWith(".")) return { from, kind, local: false, to: specifier };
  // a specifier names the JavaScript that its source will become
  const source = beside.replace(/\.js$/, ".ts");
  return { from, kind, local: true, to: existsSync(join(top, source)) ? source : beside };
}
