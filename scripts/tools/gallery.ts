/**
 * The gallery: charts of the published runs, with machine, commits and commands, as SVG, README.md and a page.
 * node --import tsx scripts/tools/gallery.ts
 */
import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { TopLevelSpec } from "vega-lite";
import { drawable } from "../../reports/analysis/drawable.js";
import { peersChart } from "../../reports/charts/compare/peers.js";
import { figure10Chart } from "../../reports/charts/figure-10.js";
import { floorChart, memoryChart } from "../../reports/charts/over-size.js";
import { renderSvg } from "../../reports/charts/render.js";
import { accuracyChart } from "../../reports/charts/scatter/accuracy.js";
import { rooflineChart } from "../../reports/charts/scatter/roofline.js";
import { speedupChart } from "../../reports/charts/speedup.js";
import { boundsChart } from "../../reports/charts/strips/bounds.js";
import { growthChart } from "../../reports/charts/strips/growth.js";
import { spreadChart } from "../../reports/charts/strips/spread.js";
import { escapeHtml } from "../../reports/html/escape.js";
import { makeFolder, writeInto } from "../../reports/rows/folder.js";
import { machineKind } from "../../reports/rows/machine.js";
import { mergeRuns, readSources, type Source } from "../../reports/rows/merge.js";
import type { Row, RunRecord } from "../../reports/rows/row.js";

interface Picture {
  readonly machine: string;
  readonly chart: string;
  readonly title: string;
  draw(run: RunRecord, rows: readonly Row[]): TopLevelSpec | undefined;
}

const PICTURES: readonly Picture[] = [
  { machine: "h100", chart: "figure-10", title: "Time over length and over state", draw: figure10Chart },
  { machine: "h100", chart: "roofline", title: "What limits each kernel", draw: rooflineChart },
  { machine: "h100", chart: "floor", title: "Share of the floor", draw: floorChart },
  { machine: "h200", chart: "memory", title: "Memory over length and over state", draw: memoryChart },
  { machine: "h200", chart: "speedup", title: "Speedup of SSD", draw: speedupChart },
  { machine: "h200", chart: "accuracy", title: "Speed at equal accuracy", draw: accuracyChart },
  { machine: "h200", chart: "peers", title: "Ours and the official kernels", draw: peersChart },
  { machine: "h100", chart: "growth", title: "Growth exponents", draw: growthChart },
  { machine: "h200", chart: "bounds", title: "Error over bound", draw: boundsChart },
  { machine: "h100", chart: "samples", title: "Distribution of samples", draw: spreadChart },
];

const published = resolve(dirname(fileURLToPath(import.meta.url)), "../../reports/published");
const gallery = join(published, "gallery");
/** Cases of Figure 10: a picture of all suites of a machine would be as long as a page. */
const SUITES = ["sequence-length", "state-size"];

function sourcesOf(machine: string): Source[] {
  return readdirSync(join(published, machine), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => readSources(join(published, machine, name)).sources);
}

interface Shown {
  readonly file: string;
  readonly title: string;
  /** Machine, commits and where the rows are. */
  readonly lines: readonly string[];
  readonly commands: readonly string[];
}

async function shown({ machine, chart, title, draw }: Picture): Promise<Shown> {
  const sources = sourcesOf(machine);
  const { run, rows: all } = mergeRuns(sources);
  const rows = SUITES.flatMap(
    (suite) =>
      drawable(
        suite,
        all.filter((row) => row.suite === suite && row.cache !== "cold"),
      ).rows,
  );
  const spec = draw(run, rows);
  if (!spec) throw new Error(`${machine} has nothing that ${chart} could draw`);
  const file = `${machine}-${chart}.svg`;
  writeInto(gallery, file, await renderSvg(spec));
  const commits = [...new Set(rows.map(({ commit }) => commit.slice(0, 12)))];
  return {
    file,
    title,
    lines: [
      [...new Set(sources.map(({ run: { environment } }) => machineKind(environment)))].join("; "),
      `${commits.length > 1 ? "Commits" : "Commit"} ${commits.join(", ")}${codeOf(sources)}, rows in reports/published/${machine}`,
    ],
    commands: (run.commands ?? [run.command]).map(broken),
  };
}

/** For a shell, in lines that can be read. */
function broken(command: string): string {
  const lines: string[] = [];
  for (const word of command.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 110) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join(" \\\n  ");
}

/** What ran outside a repository tells a hash of its code instead of a commit. */
function codeOf(sources: readonly Source[]): string {
  const hashes = sources.flatMap(({ run: { environment } }) => {
    const { code } = (environment.dualbench ?? {}) as { code?: string };
    return code ? [code] : [];
  });
  return hashes.length === 0 ? "" : `, code ${[...new Set(hashes)].join(", ")}`;
}

function markdown(pictures: readonly Shown[]): string {
  const parts = pictures.flatMap(({ file, title, lines, commands }) => [
    ...["", `## ${title}`, "", `![${title}](${file})`, ""],
    ...lines.map((line) => `- ${line}`),
    ...["", "```", ...commands, "```"],
  ]);
  return `${["# Gallery", "", "Made by `node --import tsx scripts/tools/gallery.ts` from the rows beside it.", ...parts].join("\n")}\n`;
}

function page(pictures: readonly Shown[]): string {
  const parts = pictures.map(
    ({ file, title, lines, commands }) => `<h2>${escapeHtml(title)}</h2>
<img src="${file}" alt="${escapeHtml(title)}">
<ul>
${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("\n")}
</ul>
<details><summary>Commands of ${escapeHtml(title)}</summary>
<pre>${escapeHtml(commands.join("\n"))}</pre></details>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>dualbench gallery</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 1rem auto; padding: 0 1rem; }
img { max-width: 100%; background: #ffffff; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
</style></head>
<body><h1>dualbench gallery</h1>
${parts.join("\n")}
</body></html>
`;
}

makeFolder(gallery);
const pictures: Shown[] = [];
for (const picture of PICTURES) pictures.push(await shown(picture));
writeInto(gallery, "README.md", markdown(pictures));
writeInto(gallery, "index.html", page(pictures));
for (const { file } of pictures) console.log(join(gallery, file));
