import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filesAtBase, fromTop, reachedBy, realFile } from "../../../../suites/gate/trees/user-files.js";
import { temporary } from "../../../scripts/cli.js";

it("realFile goes through linked folders, and leaves a file that is a link its name", () => {
  const top = realpathSync(temporary());
  mkdirSync(join(top, "kernels"));
  writeFileSync(join(top, "kernels/real.ts"), "");
  symlinkSync("real.ts", join(top, "kernels/named.ts"));
  const link = join(realpathSync(temporary()), "link");
  symlinkSync(top, link);
  expect(realFile(join(link, "kernels/named.ts"))).toBe(join(top, "kernels/named.ts"));
  expect(realFile(join(top, "nowhere/x.ts"))).toBe(join(top, "nowhere/x.ts"));
});

it("fromTop refuses what lies elsewhere, with both paths", () => {
  expect(fromTop("/a/b", "/a/b/c/d.ts")).toBe("c/d.ts");
  expect(() => fromTop("/a/b", "/a/bc/d.ts")).toThrow(/\/a\/bc\/d\.ts lies outside the repository \/a\/b/);
});

it("filesAtBase finds a file of the same path, else the one it was moved from", () => {
  const base = temporary();
  for (const name of ["same.ts", "old.ts"]) writeFileSync(join(base, name), "");
  const moved = new Map([
    ["new.ts", "old.ts"],
    ["same.ts", "old.ts"],
  ]);
  const found = filesAtBase("/top", base, ["/top/same.ts", "/top/new.ts", "/top/fresh.ts"], moved);
  expect([...found]).toEqual([
    ["/top/same.ts", join(base, "same.ts")],
    ["/top/new.ts", join(base, "old.ts")],
  ]);
});

it("reachedBy follows imports of every ending, and stays in the repository", () => {
  const top = temporary();
  mkdirSync(join(top, "node_modules/p"), { recursive: true });
  const imports = ["./b.js", "./c", "./d.mjs", "./table.json", "./folder", "./node_modules/p/x.js"];
  writeFileSync(join(top, "a.ts"), imports.map((name) => `import "${name}";`).join("\n"));
  for (const name of ["b.ts", "c.ts", "d.mts", "table.json", "node_modules/p/x.js"])
    writeFileSync(join(top, name), "");
  mkdirSync(join(top, "folder"));
  writeFileSync(join(top, "folder/index.ts"), "");
  expect(reachedBy(top, [join(top, "a.ts")]).sort()).toEqual(
    ["a.ts", "b.ts", "c.ts", "d.mts", "folder/index.ts", "table.json"].sort(),
  );
});
