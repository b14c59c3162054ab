/**
 * How large report.html is, and how long Chromium takes from opening it to a table that can be filtered and charts that are drawn:
 * node --import tsx scripts/tools/page-weight.ts FILE...        medians of nine openings each, in turn
 * node --import tsx scripts/tools/page-weight.ts --rows 5000 --of RUN --out DIR   as many rows from those of a run, to draw with `report`
 */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { RESULTS, readRun } from "../../reports/rows/store.js";
import { launchChromium } from "./chromium.js";

const OPENINGS = 9;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: "string" }, of: { type: "string" }, out: { type: "string" } },
});

const { rows, of, out } = values;
if (rows !== undefined && of !== undefined && out !== undefined) plant(Number(rows), of, out);
else await weigh(positionals);

/** The same curves again and again, each time with other heads: as many different cases as asked for. */
function plant(count: number, from: string, folder: string): void {
  const { run, cases } = readRun(from);
  const some = cases.map(({ row }) => row);
  const rows = Array.from({ length: count }, (_, i) => {
    const row = some[i % some.length];
    const heads = row.heads + Math.floor(i / some.length);
    return { ...row, heads, id: row.id.replace(/heads=\d+/, `heads=${heads}`) };
  });
  const records = [run, ...rows.map((row) => ({ record: "case", row }))];
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, RESULTS), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

async function weigh(files: readonly string[]): Promise<void> {
  const browser = await launchChromium();
  const times = new Map(files.map((file) => [file, [] as number[]]));
  for (let i = 0; i < OPENINGS; i++)
    for (const file of files) {
      const page = await browser.newPage();
      await page.goto("about:blank");
      const start = performance.now();
      await page.goto(pathToFileURL(resolve(file)).href);
      // what scripts make comes last: the count of cases, and a chart that is drawn, inline or live
      await page.waitForFunction(
        () =>
          document.getElementById("count")?.textContent?.includes(" of ") &&
          document.querySelectorAll("figure svg.marks").length >= document.querySelectorAll("figure").length,
      );
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      );
      times.get(file)!.push(performance.now() - start);
      await page.close();
    }
  await browser.close();
  for (const [file, own] of times) {
    const sorted = own.sort((a, b) => a - b);
    const [least, middle, most] = [0, OPENINGS >> 1, OPENINGS - 1].map((at) => Math.round(sorted[at]));
    console.log(`${file}: ${statSync(file).size} bytes, opens in ${middle} ms (${least} to ${most})`);
  }
}
