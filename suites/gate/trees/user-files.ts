/** Modules of the user in both trees: where they lie, what they were called at the base, what they import. */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { GateStop } from "../stop.js";
import { closure } from "./touched.js";

/** Absolute, without symbolic links on the way, as git names the top folder; a file that is a link itself keeps its name. */
export function realFile(file: string): string {
  const path = resolve(file);
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

/** The path from the top of the repository, with slashes. @throws GateStop for a file that lies elsewhere */
export function fromTop(top: string, file: string): string {
  const path = relative(top, file);
  if (path.startsWith("..") || isAbsolute(path))
    throw new GateStop(
      "usage",
      `${file} lies outside the repository ${top}, so its base cannot be found; run the gate in the repository that holds it`,
    );
  return path.replaceAll("\\", "/");
}

/**
 * The base's file for each of head's, absolute: of the same path, else of the path it was moved from; those that are new are left out.
 * @param moved old paths by new ones
 */
export function filesAtBase(
  top: string,
  base: string,
  files: readonly string[],
  moved: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const file of files) {
    const path = fromTop(top, file);
    const then = [path, moved.get(path)].find((one) => one !== undefined && existsSync(join(base, one)));
    if (then !== undefined) found.set(file, join(base, then));
  }
  return found;
}

/** Everything of the repository that the modules reach by relative imports, from the top. */
export function reachedBy(top: string, files: readonly string[]): string[] {
  return [...new Set(files.flatMap((file) => [...closure(top, fromTop(top, file))]))].filter(
    (path) => !path.split("/").some((part) => part === ".." || part === "node_modules"),
  );
}
