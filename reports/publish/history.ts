/** The files of a history: picture, CSV with a line a point, and Markdown. */
import { stringify } from "csv-stringify/sync";
import type { MachineHistory } from "../analysis/compare/history.js";
import { historyChart } from "../charts/history.js";
import { renderSvg } from "../charts/render.js";
import { DARK, LIGHT } from "../charts/theme.js";
import { formatDuration, formatRatio } from "../format.js";
import { markdownTable } from "../markdown.js";
import { Folder } from "./folder.js";
import { writeScreenPicture } from "./pictures.js";

const COLUMNS = [
  "machine",
  "commit",
  "started_utc",
  "id",
  "median_ns",
  "ci95_low_ns",
  "ci95_high_ns",
  "ratio",
];

/** Writes into `dir` (made if missing) and returns the paths in the order to print them. */
export async function publishHistory(
  dir: string,
  machines: readonly MachineHistory[],
  { pdf, dark }: { readonly pdf: boolean; readonly dark: boolean },
): Promise<string[]> {
  const folder = new Folder(dir);
  const spec = historyChart(machines, dark ? DARK : LIGHT);
  const csv = historyCsv(machines);
  if (spec) await writeScreenPicture(folder, { name: "history", spec, svg: await renderSvg(spec), csv }, pdf);
  else folder.write("history.csv", csv);
  folder.write("history.md", historyMarkdown(machines));
  return folder.done();
}

function historyCsv(machines: readonly MachineHistory[]): string {
  const lines = machines.flatMap(({ machine, cases }) =>
    cases.flatMap(({ id, points }) =>
      points.map(({ commit, startedUtc, row, ratio }) => [
        ...[machine, commit, startedUtc, id],
        ...[row.medianNs, row.ci95LowNs, row.ci95HighNs, ratio],
      ]),
    ),
  );
  return stringify([COLUMNS, ...lines]);
}

/** A table a machine: a line a case, a column a run. */
export function historyMarkdown(machines: readonly MachineHistory[]): string {
  const tables = machines.flatMap(({ machine, commits, cases }) => {
    const lines = cases.map(({ id, points }) => {
      const cells = commits.map((_, at) => {
        const point = points.find((one) => one.at === at);
        return point ? `${formatDuration(point.row.medianNs)} (${formatRatio(point.ratio)})` : "";
      });
      return [id, ...cells];
    });
    const none =
      cases.length === 0 ? ["No case was measured twice here."] : markdownTable(["Case", ...commits], lines);
    return ["", `## ${machine.replace(/[\r\n<]+/g, " ")}`, "", ...none];
  });
  return `${["# Time over commits", ...tables].join("\n")}\n`;
}
