import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { packageFolders } from "../../../../suites/gate/trees/packages.js";
import { makeTrees } from "../../../../suites/gate/trees/trees.js";
import { git, temporary } from "../../../scripts/cli.js";

function write(top: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, name)), { recursive: true });
    writeFileSync(join(top, name), text);
  }
}

const exporting = (value: string) => `export const value = ${JSON.stringify(value)};\n`;

it("gives the base of a monorepo the packages of its package, and workspaces as they were", async () => {
  const top = temporary();
  git(top, "init", "--quiet", "--initial-branch", "main");
  const named = (name: string) => `{ "name": "${name}", "type": "module", "exports": "./index.js" }`;
  write(top, {
    ".gitignore": "node_modules\n",
    "package.json": named("all"),
    "kernels/package.json": named("kernels"),
    "kernels/index.js":
      'export { value as own } from "own";\nexport { value as shared } from "@all/shared";\nexport { value as root } from "root";\n',
    "shared/package.json": named("@all/shared"),
    "shared/index.js": exporting("then"),
    // as a package manager leaves them: a package of one folder, one of the top, and a link to a package of the repository
    "kernels/node_modules/own/package.json": named("own"),
    "kernels/node_modules/own/index.js": exporting("own"),
    "node_modules/root/package.json": named("root"),
    "node_modules/root/index.js": exporting("root"),
    "node_modules/@all/.keep": "",
  });
  symlinkSync("../../shared", join(top, "node_modules/@all/shared"), "junction");
  git(top, "add", "--all");
  git(top, "commit", "--quiet", "-m", "one");
  const commit = git(top, "rev-parse", "HEAD");
  writeFileSync(join(top, "shared/index.js"), exporting("now"));
  expect(await packageFolders(top)).toEqual([".", "kernels"]);
  const trees = await makeTrees(top, commit, false, async () => {});
  const load = (folder: string) => import(pathToFileURL(join(folder, "kernels/index.js")).href);
  expect(await load(trees.base)).toMatchObject({ own: "own", shared: "then", root: "root" });
  expect(await load(top)).toMatchObject({ own: "own", shared: "now", root: "root" });
  await trees.remove();
  expect(await load(top)).toMatchObject({ root: "root" });
  expect(git(top, "status", "--porcelain")).toBe("M shared/index.js");
});
