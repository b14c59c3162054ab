/**
 * A grid of the built page in headless Chromium, to its end, and its download through `report`:
 * node --import tsx scripts/tools/page-quick.ts [--engine NAME] [--grid quick] [--filter EXPR] [--alone] [--out DIR]
 * The page is dist-web/ (npm run build:web). --alone: its host does not isolate it, so that kernels have one thread.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readRun } from "../../reports/rows/store.js";
import { report } from "../cli/report/run.js";
import { ISOLATION } from "../web/vite.config.js";
import { launchChromium, serve } from "./chromium.js";

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "" },
    grid: { type: "string", default: "quick" },
    filter: { type: "string", default: "" },
    alone: { type: "boolean", default: false },
    out: { type: "string", default: ".dualbench/page" },
  },
});

const folder = resolve(values.out);
mkdirSync(folder, { recursive: true });
const site = await serve(resolve("dist-web"), values.alone ? {} : ISOLATION);
const browser = await launchChromium();
const page = await browser.newPage();
page.on("pageerror", (error) => console.log(`page error: ${error}`));
try {
  await page.goto(site.url);
  console.log(await page.locator("#device").innerText());
  console.log(`isolated: ${await page.evaluate(() => crossOriginIsolated)}`);
  await page.selectOption("#engine", values.engine);
  await page.selectOption("select[name=grid]", values.grid);
  await page.fill("input[name=filter]", values.filter);
  const start = performance.now();
  await page.click("#start");
  const seconds = () => ((performance.now() - start) / 1e3).toFixed(1);
  const told = setInterval(async () => {
    const line = await page.locator("#status").innerText();
    process.stderr.write(`${seconds()} s: ${line}\n`);
  }, 10_000);
  await page
    .waitForSelector("#start:not([disabled])", { timeout: 600_000 })
    .finally(() => clearInterval(told));
  console.log(`${seconds()} s: ${await page.locator("#status").innerText()}`);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#jsonl")]);
  const file = join(folder, "results.jsonl");
  await download.saveAs(file);
  const { cases, faults } = readRun(file);
  for (const { row } of cases) {
    const told =
      row.status === "measured"
        ? `${(row.medianNs / 1e6).toFixed(3)} ms, error ${row.errorU.toPrecision(3)} of ${row.boundU.toPrecision(3)} u`
        : row.reason;
    console.log(`${row.status}\t${row.suite}\t${row.id}\t${told}`);
  }
  console.log(`${cases.length} records, ${faults.length} faults`);
  const code = await report([file, "--out", join(folder, "drawn")]);
  console.log(`report ends with ${code}`);
  process.exitCode = code;
} finally {
  await browser.close();
  await site.close();
}
