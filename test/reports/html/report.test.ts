/** report.html as a reader has it: from the disk, in headless Chromium, without a network. A missing Chromium fails. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chartOf } from "../../../reports/charts/index.js";
import { accuracyChart } from "../../../reports/charts/scatter/accuracy.js";
import { curveStyles, DARK, LIGHT } from "../../../reports/charts/theme.js";
import { reportChart } from "../../../reports/html/chart.js";
import { reportHtml } from "../../../reports/html/report.js";
import { toCsv } from "../../../reports/rows/csv.js";
import { launchChromium } from "../../../scripts/tools/chromium.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { seriousFindings } from "../../axe.js";
import { failed, syntheticRows, syntheticRun, withCeilings } from "../fixtures.js";
import { inked, pixels } from "../png.js";

const here = process.platform === "linux" && process.arch === "x64";
if (!here) console.log("tests of report.html are skipped: npm has Chromium for Linux x64 only");

const evil = `</script><script>document.title = "taken"</script><img src=x onerror="document.title = 'taken'">`;
const run = { ...syntheticRun(), command: `npm run bench -- --grid default ${evil}` };
const rows = [...withCeilings(syntheticRows()), failed("ssd/chunked.webgpu", 1024, 64, evil)];
const folder = mkdtempSync(join(tmpdir(), "dualbench-html-"));
const url = pathToFileURL(join(folder, "report.html")).href;
const complaints: string[] = [];
let browser: Browser | undefined;

async function open(hash = "", width = 1440, colorScheme: "light" | "dark" = "light"): Promise<Page> {
  const page = await browser!.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("request", (request) => {
    if (!/^(file|blob):/.test(request.url())) complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(url + hash);
  return page;
}

const count = (page: Page) => page.locator("#count").innerText();
const body = (page: Page) => page.locator("#rows tbody tr");
const dialog = (page: Page) => page.locator("#case[open]");

describe.runIf(here)("report.html in headless Chromium", () => {
  beforeAll(async () => {
    const charts = [];
    for (const suite of ["sequence-length", "state-size"]) {
      const some = rows.filter((row) => row.suite === suite);
      charts.push(await reportChart(suite, chartOf(suite, some)(run, some)));
    }
    charts.push(await reportChart("accuracy", accuracyChart(run, rows)!));
    writeFileSync(join(folder, "report.html"), reportHtml(run, rows, charts));
    browser = await launchChromium();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  it("draws its charts in both themes, and remembers the one that was chosen", async () => {
    const page = await open();
    const picture = page.locator('figure[data-chart="sequence-length"] svg');
    const light = pixels(await picture.screenshot());
    await page.click("button.theme");
    const dark = pixels(await picture.screenshot());
    for (const [drawn, theme] of [
      [light, LIGHT],
      [dark, DARK],
    ] as const) {
      expect(inked(drawn, theme.background)).toBeGreaterThan(0.7);
      // lines and markers of each curve: an empty plot would be all paper
      for (const [family, { color }] of curveStyles(["ssd", "attention", "scan"], theme))
        expect(inked(drawn, color), `${family}, ${theme.dark ? "dark" : "light"}`).toBeGreaterThan(0.0005);
    }
    await page.reload();
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    await page.click("button.theme");
    await page.close();
  });

  it("filters by the grammar of the command, sorts, and keeps both in the address", async () => {
    const page = await open();
    for (const words of [
      "",
      "ssd/",
      "ssd/|convolution/ length<=4096",
      "state=16|64 wasm",
      "threads=2 length>=65536",
    ]) {
      await page.fill("#filter", words);
      const fits = parseFilter(words);
      expect(await count(page)).toBe(`${rows.filter(({ id }) => fits(id)).length} of ${rows.length} cases`);
    }
    await page.fill("#filter", "ssd/ lenght=512");
    expect(await page.locator("#fault").innerText()).toContain("there is no key lenght");
    await page.fill("#filter", "ssd/ length<=1024");
    await page.selectOption("#status", "measured");
    await page.click("text=Median");
    const sorted = rows
      .filter((row) => parseFilter("ssd/ length<=1024")(row.id) && row.status === "measured")
      .sort((a, b) => ("medianNs" in a && "medianNs" in b ? a.medianNs - b.medianNs : 0));
    expect(await body(page).first().locator("a").innerText()).toBe(sorted[0].id);
    const copy = await open(new URL(page.url()).hash);
    expect(await copy.locator("#filter").inputValue()).toBe("ssd/ length<=1024");
    expect(await count(copy)).toBe(`${sorted.length} of ${rows.length} cases`);
    expect(await body(copy).first().innerText()).toBe(await body(page).first().innerText());
    await page.close();
    await copy.close();
  });

  it("opens the case of a point with its command, by pointer and by keyboard, and by its link", async () => {
    const page = await open();
    const point = page.locator('figure[data-chart="sequence-length"] [data-case]').first();
    await point.hover();
    const id = await point.getAttribute("data-case");
    expect(await page.locator("#tip").innerText()).toContain(id);
    await point.click();
    const command = await dialog(page).locator(".command").innerText();
    expect(command).toContain(`npm run bench -- --suite sequence-length`);
    expect(command).toContain(`--filter "${id}"`);
    await page.keyboard.press("Escape");
    await page.locator('figure[data-chart="sequence-length"] [data-case][tabindex="0"]').focus();
    await page.keyboard.press("ArrowRight");
    const second = await page.locator("#tip").innerText();
    expect(second).not.toContain(id);
    expect(second).toMatch(/95% interval .* to .*s/);
    await page.keyboard.press("Enter");
    const shown = await dialog(page).locator(".id").innerText();
    expect(second).toContain(shown);
    const linked = await open(new URL(page.url()).hash);
    expect(await dialog(linked).locator(".id").innerText()).toBe(shown);
    await page.close();
    await linked.close();
  });

  it("gives its rows away as the same bytes as results.csv", async () => {
    const page = await open();
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("a.csv")]);
    expect(readFileSync(await download.path(), "utf8")).toBe(toCsv(rows));
    await page.close();
  });

  it.each([
    [1440, "light"],
    [390, "dark"],
  ] as const)("has no serious finding of axe, and no sideways scroll, at %i px, %s", async (width, theme) => {
    // one screen of rows is as good as four
    const page = await open("#filter=length=512", width, theme);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await seriousFindings(page)).toEqual([]);
    await body(page).first().locator("a").click();
    expect(await seriousFindings(page)).toEqual([]);
    await page.close();
  });

  it("says nothing on the console, asks for nothing, and keeps what rows say as text", async () => {
    const page = await open(`#${new URLSearchParams({ status: "failed" })}`);
    expect(await body(page).last().innerText()).toContain("<img src=x");
    expect(await page.title()).toContain("dualbench report");
    expect(complaints).toEqual([]);
    await page.close();
  });
});
