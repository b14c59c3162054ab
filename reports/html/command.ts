/** The command that runs one case again: the run's own program, grid and seed, and the case id as a filter. */
import type { Row, RunRecord } from "../rows/row.js";

export function caseCommand(run: RunRecord, row: Row): string {
  const program =
    /^(npm run bench --|npx dualbench bench|dualbench bench)/.exec(run.command)?.[0] ?? "npm run bench --";
  const { grid, seed, options } = run.plan;
  const texts = (value: unknown) => [value].flat().filter((one) => typeof one === "string");
  return [
    program,
    `--suite ${row.suite}`,
    `--engine ${quoted(row.engine)}`,
    `--grid ${quoted(grid)}`,
    `--seed ${seed}`,
    ...texts(options.axis).map((axis) => `--axis ${quoted(axis)}`),
    ...texts(options.impl).map((file) => `--impl ${quoted(file)}`),
    `--filter ${quoted(row.id)}`,
  ].join(" ");
}

/** Double quotes are read alike by POSIX shells, PowerShell and cmd for the characters that ids and paths hold. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replace(/["\\$`]/g, "\\$&")}"`;
}
