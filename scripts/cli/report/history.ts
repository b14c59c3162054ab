/** `report --history`: what became of each case over the commits of many runs. */
import { historyOf, type MachineHistory } from "../../../reports/analysis/compare/history.js";
import { formatRatio, plural } from "../../../reports/format.js";
import { historyMarkdown, publishHistory } from "../../../reports/publish/history.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { usageError, warnAll } from "../exit.js";
import type { ReportOptions } from "./options.js";
import { readFolder, runsIn } from "./sources.js";
import type { Written } from "./written.js";

/** Cases named in the terminal; the CSV has all. */
const NAMED = 5;

/** @throws Stop */
export async function history(options: ReportOptions): Promise<Written> {
  const { folders, suites, filter, out } = options;
  const fits = parseFilter(filter ?? "");
  const read = folders.flatMap(runsIn).map(readFolder);
  warnAll(read.flatMap(({ faults }) => faults));
  const runs = read.flatMap(({ sources }) =>
    sources.map(({ run, rows }) => ({
      environment: run.environment,
      startedUtc: run.startedUtc,
      rows: rows.filter(({ id, suite }) => fits(id) && (suites.length === 0 || suites.includes(suite))),
    })),
  );
  const machines = historyOf(runs.filter(({ rows }) => rows.length > 0));
  if (machines.every(({ cases }) => cases.length === 0))
    throw usageError(
      `${folders.join(", ")} hold no case that two runs of one machine measured; name more runs, or another --filter`,
    );
  const { pdf, dark } = options.look;
  const files = await publishHistory(out, machines, { pdf, dark });
  const incomplete = read.some(({ unreadable }) => unreadable > 0);
  return { lines: machines.flatMap(sentences), files, incomplete, markdown: () => historyMarkdown(machines) };
}

function sentences({ machine, commits, cases }: MachineHistory): string[] {
  const most = cases.slice(0, NAMED).map(({ id, points }) => {
    const last = points.at(-1)!;
    return `  ${formatRatio(last.ratio)} (95% interval ${formatRatio(last.low)} to ${formatRatio(last.high)}) at ${last.commit}: ${id}`;
  });
  return [
    `${machine}: ${plural(commits.length, "run")}, ${plural(cases.length, "case")}; time over that of the first run:`,
    ...most,
  ];
}
