/**
 * Packages for the base of a monorepo. Node looks for packages in the folders above a module, and the base's tree lies below the top: it
 * finds those of the top, never those of a package inside. Each folder that has packages gets links to them in the base. A link of a
 * workspace to another package of the repository leads to that package in the base, or head's code would be measured in both arms.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { git } from "./git.js";

/** Folders of the repository that have packages of their own, from the top ("." for itself). */
export async function packageFolders(top: string): Promise<string[]> {
  const listed = await git(top, "ls-files", "-z", "--", "package.json", ":(glob)**/package.json");
  const folders = listed
    .split("\0")
    .filter((name) => name !== "")
    .map((name) => dirname(name));
  return [...new Set([".", ...folders])].filter((folder) => existsSync(join(top, folder, "node_modules")));
}

/** Links into the base what it does not have: nothing where it was installed, and nothing at the top unless a workspace is linked there. */
export function linkPackages(top: string, base: string, folders: readonly string[]): void {
  const real = realpathSync(top);
  for (const folder of folders) {
    const from = join(top, folder, "node_modules");
    const to = join(base, folder, "node_modules");
    if (existsSync(to) || !existsSync(join(base, folder))) continue;
    const links = entriesOf(from).map((name) => ({
      name,
      // the harness is the same for both arms
      target: name === "dualbench" ? join(from, name) : targetOf(join(from, name), real, base),
    }));
    if (folder === "." && !links.some(({ target }) => target.startsWith(base))) continue;
    for (const { name, target } of links) {
      mkdirSync(dirname(join(to, name)), { recursive: true });
      symlinkSync(target, join(to, name), "junction");
    }
  }
}

/** Names of packages, scoped ones in full; and what lies beside them, as .bin and .pnpm. */
function entriesOf(folder: string): string[] {
  return readdirSync(folder).flatMap((name) =>
    name.startsWith("@") ? readdirSync(join(folder, name)).map((scoped) => join(name, scoped)) : [name],
  );
}

/** Where a package lies; one of the repository itself, as it was at the base. */
function targetOf(file: string, top: string, base: string): string {
  if (!lstatSync(file).isSymbolicLink() || !existsSync(file)) return file;
  const path = relative(top, realpathSync(file));
  const isOwn = !path.startsWith("..") && !isAbsolute(path) && !path.split(/[\\/]/).includes("node_modules");
  return isOwn ? join(base, path) : file;
}
