import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publish } from "../../reports/publish.js";
import { failed, measured, rejected, syntheticRows, syntheticRun } from "./fixtures.js";

const evil = `</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> "'&`;
const rows = [
  ...syntheticRows().filter((_, i) => i % 3 === 0),
  measured("ssd/chunked.wasm", 512, 64, 2e6, { chunk: 8, threads: 2 }),
  measured("selective_scan/recurrent.wasm", 512, 64, 9e6, { threads: 2 }),
  { ...rejected("ssd/chunked.webgpu", 512, 64, evil), device: evil },
  failed("ssd/chunked.webgpu", 1024, 64, evil),
];
const run = { ...syntheticRun(), command: `npm run bench -- ${evil}`, environment: { gpu: evil } };

const STRIPS = ["growth", "bounds", "samples"];
const dir = mkdtempSync(join(tmpdir(), "dualbench-publish-"));
let paths: string[] = [];
let html = "";

beforeAll(async () => {
  paths = await publish(run, rows, join(dir, "new", "folder"));
  html = readFileSync(paths.at(-1)!, "utf8");
}, 240_000);
afterAll(() => rmSync(dir, { recursive: true }));

describe("publish", () => {
  it("writes SVG, PNG and spec of each chart, the fairness sheet, and the report last", () => {
    expect(paths.map((path) => basename(path))).toEqual([
      ...["sequence-length", "state-size", "figure-10", "speedup", "memory", "accuracy", ...STRIPS].flatMap(
        (name) => ["svg", "png", "vl.json", "csv"].map((type) => `${name}.${type}`),
      ),
      "fairness.md",
      "claims.md",
      "report.html",
    ]);
    for (const path of paths)
      expect(readFileSync(path).length).toBeGreaterThan(path.endsWith(".md") ? 200 : 1000);
  });

  it("writes specs that anyone can open", () => {
    for (const path of paths.filter((name) => name.endsWith(".vl.json"))) {
      const spec = JSON.parse(readFileSync(path, "utf8"));
      expect(spec.$schema).toBe("https://vega.github.io/schema/vega-lite/v6.json");
    }
  });

  it("writes a report even of nothing", async () => {
    const [path, ...others] = await publish(run, [], join(dir, "empty"));
    expect(basename(path)).toBe("report.html");
    expect(others).toEqual([]);
  });
});

describe("report.html", () => {
  it("keeps what rows say as text", () => {
    expect(html).not.toContain("<script>alert(1)");
    expect(html).not.toContain("<img src=x");
    expect(html).toContain("&#60;/script&#62;&#60;script&#62;alert(1)");
  });

  it("opens and closes as many scripts as it means to, and names those that may run", () => {
    // before the page, the rows, results.csv, its own
    expect(html.match(/<script[\s>]/gi)).toHaveLength(4);
    expect(html.match(/<\/script/gi)).toHaveLength(4);
    expect(html).toMatch(/script-src 'sha256-[\w+/=]+' 'sha256-[\w+/=]+';/);
    expect(html).not.toMatch(/^(import|export) /m);
  });

  it("loads nothing", () => {
    expect(html).toContain("default-src 'none'");
    const own = html
      .replace(/<script>[\s\S]*?<\/script>/g, "")
      .replace(/<script type="application\/json"[\s\S]*?<\/script>/g, "");
    expect(own).not.toMatch(/\b(src|href)="(?!#|data:)/);
  });

  it("has its table's semantics and both themes", () => {
    for (const mark of [
      '<html lang="en">',
      'scope="col"',
      "prefers-color-scheme: dark",
      'data-theme="dark"',
      "@media print",
      "<main>",
    ])
      expect(html).toContain(mark);
    for (const name of ["sequence-length", "state-size", "speedup"])
      expect(html).toContain(`<figure data-chart="${name}">`);
  });
});
