/** What a user's module throws, as one sentence: what, and the file, line and column of theirs where it happened. */
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { oneLine } from "../one-line.js";

/** The folders of this code, from sources or built. */
const own = ["impls", "suites", "reports", "scripts"].map((folder) =>
  fileURLToPath(new URL(`../../../${folder}/`, import.meta.url)),
);

/** @param files modules of the user: a position in one of them is theirs wherever it lies */
export function thrownBy(error: unknown, files: readonly string[]): string {
  const said = oneLine(error);
  const place = placeOf(error, files);
  return place === undefined || said.includes(place) ? said : `${said} (${place})`;
}

function placeOf(error: unknown, files: readonly string[]): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== "string") return undefined;
  return placeIn(error.stack, files);
}

/** The first place in somebody else's code, `file:line:column`, of a text that holds a stack. */
export function placeIn(stack: string, files: readonly string[]): string | undefined {
  for (const line of stack.split("\n")) {
    const found = /^\s*at (?:.*? \()?(?:async )?(.*?):(\d+):(\d+)\)?\s*$/.exec(line);
    if (!found) continue;
    const path = pathOf(found[1]);
    if (path !== undefined && isTheirs(path, files)) return `${shown(path)}:${found[2]}:${found[3]}`;
  }
  return undefined;
}

function pathOf(place: string): string | undefined {
  if (!place.startsWith("file:")) return /^(\/|[A-Za-z]:\\)/.test(place) ? place : undefined;
  try {
    // loaders number what they load by a query
    return fileURLToPath(place.replace(/[?#].*$/, ""));
  } catch {
    return undefined;
  }
}

function isTheirs(path: string, files: readonly string[]): boolean {
  if (files.includes(path)) return true;
  return !path.includes(`${sep}node_modules${sep}`) && !own.some((folder) => path.startsWith(folder));
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.length < path.length && !near.startsWith(`..${sep}..`) ? near : path;
}

/**
 * Why a module did not load. Compilers say where in a second line, or in a list of their own.
 * @param file what was to be loaded
 */
export function loadFailure(error: unknown, file: string): string {
  if (!(error instanceof Error)) return oneLine(error);
  const [stated] = (error as { errors?: readonly CompilerMessage[] }).errors ?? [];
  if (stated?.location) {
    const { file: at, line, column } = stated.location;
    return `${stated.text} (${at ?? file}:${line}:${column + 1})`;
  }
  for (const line of error.message.split("\n")) {
    const found = /^(.+):(\d+):(\d+): (?:ERROR|error): (.+)$/.exec(line.trim());
    if (!found) continue;
    // some take an ending for another one
    const at = stemOf(found[1]) === stemOf(file) ? file : found[1];
    return `${found[4]} (${at}:${found[2]}:${Number(found[3]) + 1})`;
  }
  return nodesOwn(error) ?? thrownBy(error, [file]);
}

function stemOf(path: string): string {
  return path.replace(/\.[cm]?[jt]sx?$/, "");
}

interface CompilerMessage {
  readonly text: string;
  readonly location?: { readonly file?: string; readonly line: number; readonly column: number } | null;
}

/** Node's own parser: `file:///x.js:3`, the line, and a caret below it before the message. */
function nodesOwn({ name, message, stack = "" }: Error): string | undefined {
  if (name !== "SyntaxError") return undefined;
  const [first, , caret = ""] = stack.split("\n");
  const found = /^(.+):(\d+)$/.exec(first);
  const path = found === null ? undefined : pathOf(found[1]);
  if (found === null || path === undefined) return undefined;
  return `${message} (${shown(path)}:${found[2]}:${Math.max(0, caret.indexOf("^")) + 1})`;
}
