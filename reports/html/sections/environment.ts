/** The machine, its engines and the commands of the run. */
import { groupBy } from "../../analysis/series.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { plainTable, scrolled } from "../plain-table.js";

export function environmentSection(run: RunRecord, rows: readonly Row[]): string {
  const lines = [
    ...(run.commands ?? [run.command]).map((command) => ["command", command]),
    ["started", run.startedUtc],
    ["commit", [...new Set(rows.map((row) => row.commit))].join(", ")],
    ["devices", [...new Set(rows.map((row) => row.device))].join("; ")],
    ...flat(run.environment),
    ...[...groupBy(rows, (row) => `${row.engine} on ${row.device}`)].flatMap(([name, own]) =>
      details(name, own),
    ),
  ];
  const table = plainTable(["Key", "Value"], lines, 9);
  return `<section aria-labelledby="environment"><h2 id="environment">Environment</h2>
${scrolled("environment", table)}</section>`;
}

/** Details of an engine's device that all its rows share. */
function details(name: string, own: readonly Row[]): string[][] {
  const [first, ...rest] = own.map((row) => row.details ?? {});
  const shared = Object.entries(first).filter(([key, value]) => rest.every((other) => other[key] === value));
  return shared.map(([key, value]) => [`${name}: ${key}`, String(value)]);
}

function flat(value: Readonly<Record<string, unknown>>, prefix = ""): string[][] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const isGroup = typeof inner === "object" && inner !== null && !Array.isArray(inner);
    if (isGroup) return flat(inner as Record<string, unknown>, `${prefix}${key}.`);
    return [[`${prefix}${key}`, typeof inner === "string" ? inner : JSON.stringify(inner)]];
  });
}
