/** The engine of Node in a page: the same TypeScript and WGSL, on the browser's own navigator.gpu. A missing Chromium fails. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { toCsv } from "../../../reports/rows/csv.js";
import { readRun } from "../../../reports/rows/store.js";
import { report } from "../../../scripts/cli/report/run.js";
import { launchChromium, serve } from "../../../scripts/tools/chromium.js";
import type {} from "../../../scripts/web/page.js";
import { ISOLATION, pageConfig } from "../../../scripts/web/vite.config.js";
import { seriousFindings } from "../../axe.js";

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
    const config = pageConfig(["relaxed"]);
    await build({
      ...config,
      configFile: false,
      logLevel: "error",
      build: { ...config.build, outDir: folder, minify: false },
    });
    site = await serve(folder, ISOLATION);
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

  it("verifies WebAssembly in its own thread, which may not wait for others: one thread on memory of its own", async () => {
    const one = spec("ssd", { state: 7 }, { with: ["dt", "D", "z", "initialState"] });
    const checks = await page.evaluate((it) => window.dualbench.verify("wasm", [it]), one);
    expect(checks.map(({ name }) => name).filter((name) => /threads=(?!1)/.test(name))).toEqual([]);
    expect(checks.length).toBeGreaterThan(1);
    for (const { name, violation } of checks) expect(violation, name).toBeUndefined();
  }, 60_000);

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
      window.dualbench.bench({ engines: ["cpu"], grid: "quick", filter: "ssd/recurrent length=512" }),
    );
    expect(records.map(({ row }) => row.status)).toEqual(["measured"]);
    const [{ row }] = records;
    expect(row.status === "measured" && row.medianNs).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  }, 120_000);

  it("runs in a worker to its end, and offers files that report takes", async () => {
    await page.reload();
    expect(await page.locator("#device").innerText()).toMatch(
      /WebGPU on .*; a CPU with \d+ hardware threads/,
    );
    await page.fill("input[name=filter]", "ssd/recurrent length=512 batch=1");
    await page.click("#start");
    await page.waitForSelector("#files:not([hidden])");
    const said = await page.locator("#status").innerText();
    expect(said).toMatch(/^(\d+) rows: \1 measured/);
    // an adapter that computes on the CPU is no GPU: it runs where it is named
    expect(said).toMatch(
      /engine webgpu is absent: .*swiftshader.* computes on the CPU: choose the engine webgpu/,
    );
    // one on each engine, both in the figure
    expect(await page.locator("#figure polyline").count()).toBe(4);
    expect(await page.locator("#rows td.measured").count()).toBe(Number.parseInt(said, 10));
    const offered = async (id: string) => {
      const [download] = await Promise.all([
        page.waitForEvent("download", (one) => one.suggestedFilename().endsWith(id)),
        page.click(`#${id}`),
      ]);
      return readFileSync(await download.path(), "utf8");
    };
    // one after the other: of two that begin together a busy browser gives one
    const jsonl = await offered("jsonl");
    const csv = await offered("csv");
    const file = join(folder, "results.jsonl");
    writeFileSync(file, jsonl);
    const { cases, faults } = readRun(file);
    expect(faults).toEqual([]);
    const rows = cases.map(({ row }) => row);
    expect([...new Set(rows.map(({ engine }) => engine))].sort()).toEqual(["cpu", "wasm"]);
    for (const row of rows) expect(row.status === "measured" && row.errorU <= row.boundU).toBe(true);
    expect(csv).toBe(toCsv(rows));
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    expect(await report([file, "--out", join(folder, "drawn")])).toBe(0);
    expect(existsSync(join(folder, "drawn", "report.html"))).toBe(true);
    vi.restoreAllMocks();
    expect(complaints).toEqual([]);
  }, 120_000);

  it("shares a kernel's memory between all threads, since its host isolates it", async () => {
    await page.reload();
    await page.selectOption("#suite", "threads");
    await page.fill("input[name=filter]", "ssd/recurrent.wasm heads=8 state=64");
    await page.click("#start");
    await page.waitForSelector("#files:not([hidden])");
    const cores = await page.evaluate(() => navigator.hardwareConcurrency);
    const measured = await page.locator("#rows tr:has(td.measured) td:nth-child(2)").allInnerTexts();
    expect(measured.map((id) => Number(/threads=(\d+)/.exec(id)?.[1])).sort()).toEqual(
      [...new Set([1, cores])].sort(),
    );
    expect(complaints).toEqual([]);
  }, 60_000);

  it("stops when it is told to, and keeps the rows that it has", async () => {
    await page.reload();
    await page.selectOption("select[name=grid]", "paper");
    await page.selectOption("#engine", "cpu");
    await page.click("#start");
    await page.waitForSelector("#rows tr");
    await page.click("#stop");
    await page.waitForSelector("#start:not([disabled])");
    expect(await page.locator("#status").innerText()).toMatch(/^stopped; \d+ rows?: /);
    expect(await page.locator("#rows tr").count()).toBeGreaterThan(0);
    expect(await page.locator("#jsonl").getAttribute("href")).toMatch(/^blob:/);
  }, 120_000);

  it("says so where there is no WebGPU, and has nothing serious for axe, in the dark at 390 px", async () => {
    const bare = await browser!.newPage({ viewport: { width: 390, height: 800 }, colorScheme: "dark" });
    await bare.addInitScript(() => Object.defineProperty(navigator, "gpu", { value: undefined }));
    await bare.goto(site!.url);
    await bare.waitForFunction(() => document.getElementById("device")?.textContent !== "");
    expect(await bare.locator("#device").innerText()).toContain(
      "no WebGPU, so that kernels run on the CPU only",
    );
    expect(await bare.locator("#start").isEnabled()).toBe(true);
    expect(await bare.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await seriousFindings(bare)).toEqual([]);
    await bare.close();
  }, 60_000);
});
