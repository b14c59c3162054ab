/** No line of code or prose is longer than a reader's window: 140 characters, in everything that people write here. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const MOST = 140;
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const folders = [".ci", ".github", "examples", "findings", "impls", "reports", "scripts", "suites", "test"];
/** Scripts of the shell have no ending. JSON, data and pictures are not lines that anyone reads. */
const kinds = new Set([
  "",
  ".c",
  ".cff",
  ".cu",
  ".h",
  ".html",
  ".md",
  ".mjs",
  ".py",
  ".sh",
  ".ts",
  ".wgsl",
  ".yml",
]);
/** Made by others, or by the program. */
const notOurs = [join("test", "golden"), join("reports", "runs"), "LICENSE"];

/** Files of the tree that people write, as paths from the root. */
function written(): string[] {
  const top = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isFile());
  const deep = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.parentPath.split(sep).includes("__pycache__"));
  return [...top.filter(({ name }) => !name.startsWith(".")), ...deep]
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
    .filter((file) => kinds.has(extname(file)))
    .filter((file) => !notOurs.some((place) => file === place || file.startsWith(place + sep)));
}

/** `file:line: length` of each line that is too long. A row of a table cannot be wrapped, nor can an address. */
function longLines(folder: string, file: string): string[] {
  const isProse = file.endsWith(".md");
  return readFileSync(join(folder, file), "utf8")
    .split(/\r?\n/)
    .flatMap((line, i) => {
      if (isProse && line.trimStart().startsWith("|")) return [];
      const length = [...line.replaceAll(/https?:\/\/[^\s)\]"'`]+/g, "")].length;
      return length > MOST ? [`${file}:${i + 1}: ${length}`] : [];
    });
}

it(`no line has more than ${MOST} characters`, () => {
  const files = written();
  for (const kind of kinds)
    if (kind !== ".sh") expect(files.map(extname), `files of kind "${kind}"`).toContain(kind);
  for (const file of ["README.md", join("impls", "ssd", "wasm", "chunked.as.ts")])
    expect(files).toContain(file);
  expect(files.flatMap((file) => longLines(root, file))).toEqual([]);
});

it("a line that is too long is found, and only there", () => {
  const folder = mkdtempSync(join(tmpdir(), "dualbench-lines-"));
  const lines = [
    "x".repeat(MOST),
    "x".repeat(MOST + 1),
    `| ${"x".repeat(MOST)} |`,
    `see https://${"x".repeat(MOST)}`,
  ];
  try {
    for (const file of ["page.md", "code.ts"]) writeFileSync(join(folder, file), `${lines.join("\n")}\n`);
    expect(longLines(folder, "page.md")).toEqual(["page.md:2: 141"]);
    expect(longLines(folder, "code.ts")).toEqual(["code.ts:2: 141", "code.ts:3: 144"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
