/** The engine of Node in a page: the same TypeScript and WGSL, on the browser's own navigator.gpu. A missing Chromium fails. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium, serve } from "../../../scripts/tools/chromium.js";
import type {} from "../../../scripts/web/page.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const here = process.platform === "linux" && process.arch === "x64";
if (!here) console.log("tests of a page are skipped: npm has Chromium for Linux x64 only");

const spec = (operator: string, dims: Record<string, number>, more: object = {}) => ({
  operator,
  dims: { batch: 2, length: 65, heads: 2, groups: 1, headDim: 5, ...dims },
  seed: 3,
  values: "coherent" as const,
  decay: "usual" as const,
  with: [],
  alternative: [],
  settings: {},
  dtype: 0,
  ...more,
});

describe.runIf(here)("a page in headless Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "dualbench-page-"));
  const complaints: string[] = [];
  let browser: Browser | undefined;
  let page: Page;
  let site: Awaited<ReturnType<typeof serve>> | undefined;

  beforeAll(async () => {
    await build({
      configFile: join(root, "scripts/web/vite.config.ts"),
      logLevel: "error",
      build: { outDir: folder, emptyOutDir: true, minify: false },
    });
    site = await serve(folder);
    browser = await launchChromium();
    page = await browser.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(site.url);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    spec("ssd", { state: 7 }, { with: ["dt", "D", "z", "initialState"] }),
    spec("selective_scan", { state: 4 }, { with: ["D", "deltaBias"], settings: { softplus: true } }),
    spec("attention", { context: 65, headDimV: 3 }, { settings: { causal: true, scale: 0.3 } }),
  ])(
    "verifies $operator on its WebGPU adapter",
    async (one) => {
      const checks = await page.evaluate((it) => window.dualbench.verify("webgpu", [it]), one);
      expect(checks.length).toBeGreaterThan(0);
      for (const { name, violation, ratio } of checks) {
        expect(violation, name).toBeUndefined();
        expect(ratio, name).toBeLessThanOrEqual(1);
      }
      expect(complaints).toEqual([]);
    },
    120_000,
  );

  it("finds what Node finds: a wrong kernel is a violation there too", async () => {
    // the text of a kernel is an asset of the page: one operator less, one sign turned
    const asset = /\/recurrent\b[^/]*\.wgsl$/;
    let turned = 0;
    await page.route(asset, async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(/exp\(/, "exp(0.5 * ");
      turned++;
      await route.fulfill({ response: answer, body });
    });
    await page.reload();
    const checks = await page.evaluate(
      (it) => window.dualbench.verify("webgpu", [it]),
      spec("ssd", { batch: 1, length: 9, heads: 1, state: 7 }),
    );
    await page.unroute(asset);
    expect(turned).toBe(1);
    expect(checks.find(({ name }) => name.includes("recurrent"))?.violation).toMatch(/got .*, wanted/);
    expect(checks.find(({ name }) => name.includes("quadratic"))?.violation).toBeUndefined();
  }, 120_000);

  it("times verified cases, and says what it skips", async () => {
    await page.reload();
    const records = await page.evaluate(() =>
      window.dualbench.bench({ engine: "cpu", grid: "quick", filter: "ssd/recurrent length=512" }),
    );
    expect(records.map(({ row }) => row.status)).toEqual(["measured"]);
    const [{ row }] = records;
    expect(row.status === "measured" && row.medianNs).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  }, 120_000);
});
