/** The README is what people copy from: its kernel compiles as it stands and is right, and it is read in a minute. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { verifyImplementation } from "../index.js";
import { loadImplementations } from "../suites/processes/user-impls.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");

/** The one block of TypeScript that the README shows. */
function snippet(): string {
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  expect(blocks).toHaveLength(1);
  return blocks[0];
}

/** What `tsc` says of files in a folder of this repository, as a user would save them there: a line a complaint. */
function complaints(folder: string, files: Readonly<Record<string, string>>): string[] {
  for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code);
  const config = {
    extends: relative(folder, join(root, "tsconfig.json")),
    compilerOptions: { paths: { dualbench: [relative(folder, join(root, "index.ts"))] } },
    include: Object.keys(files),
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const flags = ["-p", folder, "--pretty", "false"];
  const { stdout } = spawnSync(process.execPath, [compiler, ...flags], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line.includes("error TS"));
}

it("its kernel compiles as it stands, and is right", async () => {
  mkdirSync(join(root, ".dualbench"), { recursive: true });
  const folder = mkdtempSync(join(root, ".dualbench", "readme-"));
  try {
    const code = snippet();
    const broken = code.replace("engine.inputs(ssd", "engine.input(ssd");
    // one complaint shows that the compiler ran and read both
    const found = complaints(folder, { "my-kernel.ts": code, "broken.ts": broken });
    expect(found.filter((line) => !line.includes("broken.ts"))).toEqual([]);
    expect(found.join("\n")).toMatch(/Property 'input' does not exist/);

    const [mine] = await loadImplementations(join(folder, "my-kernel.ts"));
    const { checks, failures } = await verifyImplementation(mine, { cases: 40, seed: 0 });
    expect(failures).toEqual([]);
    expect(checks).toBeGreaterThan(10);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);

it("is short, and starts with the two commands", () => {
  const lines = readme.trimEnd().split("\n");
  expect(lines.length).toBeLessThan(90);
  for (const command of ["npm ci && npm run bench", "npm ci && npm test"])
    expect(
      lines.filter((line) => line.startsWith(`    ${command}  `) && line.includes("no GPU needed")),
    ).toHaveLength(1);
});
