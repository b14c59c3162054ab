/**
 * What code made a number: the version of dualbench and a hash of its own sources, and of each module of a user a hash over it and all
 * that it imports. An installed package has no commit, and a commit says nothing of changes that are not in it.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { neighboursOf } from "./neighbours.js";

/** Of this code: `version` as it is published, `code` over the sources that compute and measure. */
export interface Tool {
  readonly version: string;
  readonly code: string;
}

let tool: Tool | undefined;

export function ownTool(): Tool {
  const text = readFileSync(join(packageRoot, "package.json"), "utf8");
  tool ??= { version: (JSON.parse(text) as { version: string }).version, code: hashOfTool() };
  return tool;
}

/** The folder that holds package.json, from source or built. */
export const packageRoot = findUp(dirname(fileURLToPath(import.meta.url)));

function findUp(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder)
    throw new Error("package.json of dualbench is missing above its own code; install it again");
  return findUp(parent);
}

/** impls/ and suites/, from sources or as they were built. */
function hashOfTool(): string {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const files = ["impls", "suites"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) =>
      join(root, folder, file),
    ),
  );
  const counted = files.filter((file) => CODE.test(file) && !file.endsWith(".d.ts"));
  return hashOf(root, new Map(counted.map((file) => [file, readFileSync(file, "utf8")])), []);
}

const CODE = /\.(ts|js|mjs|py|wgsl|cu|c|h)$/;

/**
 * Hash of a module and of everything it reaches by relative imports or `new URL("./x", import.meta.url)`, with the versions of the
 * packages it names; of a kernel in another language, of what it takes in from beside it. The same folder elsewhere has the same hash.
 */
export function hashOfModule(file: string): string {
  const sources = new Map<string, string>();
  const packages = new Set<string>();
  const left = [resolve(file)];
  for (let path = left.pop(); path; path = left.pop()) {
    if (sources.has(path)) continue;
    const text = textOf(path);
    sources.set(path, text);
    if (!MODULE.test(path)) {
      left.push(...neighboursOf(path, text));
      continue;
    }
    for (const specifier of specifiersOf(text)) {
      if (/^\.{1,2}\//.test(specifier)) left.push(...located(resolve(dirname(path), specifier)));
      else packages.add(named(specifier, dirname(path)));
    }
  }
  return hashOf(dirname(resolve(file)), sources, [...packages].sort());
}

const MODULE = /\.[cm]?[jt]sx?$/;

/** A file that cannot be read tells that by itself when it is loaded. */
function textOf(path: string): string {
  return isFile(path) ? readFileSync(path, "utf8") : "";
}

/** One in a comment is one too many, which changes a hash at worst. */
function specifiersOf(text: string): string[] {
  const forms = [
    /\b(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"'\n]+)["']/g,
    /\bimport\s*["']([^"'\n]+)["']/g,
    /\b(?:import|require)\s*\(\s*["'`]([^"'`\n$]+)["'`]/g,
    /\bnew\s+URL\s*\(\s*["'`]([^"'`\n$]+)["'`]/g,
  ];
  return forms.flatMap((form) => [...text.matchAll(form)].map(([, specifier]) => specifier));
}

/** The file that a relative specifier means: `./x.js` may stand for x.ts, `./x` for x.ts or x/index.js. */
function located(path: string): string[] {
  const endings = ["", ".ts", ".js", ".mjs", ".json", "/index.ts", "/index.js"];
  const stem = path.replace(/\.([cm]?)jsx?$/, ".$1ts");
  const found = [path, ...(stem === path ? [] : [stem])].flatMap((one) =>
    endings.map((ending) => one + ending),
  );
  return found.filter(isFile).slice(0, 1);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** "name@version" of what a bare specifier leads to. */
function named(specifier: string, folder: string): string {
  if (specifier.startsWith("node:")) return specifier;
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  return `${name}@${installedVersion(name, folder) ?? "unknown"}`;
}

/** Of a package as a module in `folder` would find it; null where it is not installed. */
export function installedVersion(name: string, folder: string): string | null {
  // not by import: most packages do not export their package.json
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, "node_modules", name, "package.json");
    if (existsSync(file)) return /"version"\s*:\s*"([^"]+)"/.exec(textOf(file))?.[1] ?? null;
    if (dirname(at) === at) return null;
  }
}

/** Names relative to the root and "\n" line ends: the same on every machine. */
function hashOf(root: string, sources: ReadonlyMap<string, string>, packages: readonly string[]): string {
  const digest = createHash("sha256");
  const name = (path: string) => relative(root, path).replaceAll("\\", "/");
  for (const [path, text] of [...sources].sort(([a], [b]) => (name(a) < name(b) ? -1 : 1)))
    digest.update(`${name(path)}\0${text.replaceAll("\r\n", "\n")}\0`);
  digest.update(packages.join(" "));
  return `sha256:${digest.digest("hex").slice(0, 16)}`;
}

/** Of every module of a user, by its path. */
export function hashesOf(files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.filter(isFile).map((file) => [resolve(file), hashOfModule(file)]));
}
