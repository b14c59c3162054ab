/**
 * Several run folders as one: shards of one plan, runs of several machines. No curve, and no panel, ever holds two machines: hosts,
 * versions of Node and CPU flags that differ are other machines, and a device that two of them have gets a name for each.
 */
import { planId } from "./case-id.js";
import { differencesOf, namesOf, oneSpelling } from "./machine.js";
import type { Row, RunRecord } from "./row.js";
import { readRun } from "./store.js";
import type { TrainingRow } from "./training.js";

export interface Source {
  /** As the person typed it. */
  readonly folder: string;
  /** With the environment in which these rows were measured. */
  readonly run: RunRecord;
  readonly rows: readonly Row[];
}

export interface Merged {
  readonly run: RunRecord;
  readonly rows: readonly Row[];
  /** Sentences for stderr about what a reader would not expect. */
  readonly notes: readonly string[];
}

export interface ReadSources {
  /** One for each environment: a run may have gone on elsewhere. */
  readonly sources: readonly Source[];
  readonly trainings: readonly TrainingRow[];
  readonly faults: readonly string[];
  readonly unreadable: number;
}

/** @throws StoreError when the folder holds nothing that can be read */
export function readSources(folder: string): ReadSources {
  const { run, cases, trainings, parts, headless, faults, unreadable } = readRun(folder);
  const sources: Source[] = [];
  for (const [i, { from, record }] of parts.entries()) {
    const rows = cases.slice(from, parts[i + 1]?.from).map(({ row }) => row);
    const { environment } = record;
    const at = sources.findIndex((other) => differencesOf(other.run.environment, environment).length === 0);
    if (at < 0) sources.push({ folder, run: { ...run, environment }, rows });
    else sources[at] = { ...sources[at], rows: [...sources[at].rows, ...rows] };
  }
  const kept = sources.filter(({ rows }, i) => rows.length > 0 || (i === 0 && cases.length === 0));
  const unknown = headless
    ? [`${folder}: no record says how the run was made; its rows stand for themselves`]
    : [];
  return { sources: kept, trainings, faults: [...faults, ...unknown], unreadable };
}

export function mergeRuns(sources: readonly Source[]): Merged {
  const { rows: named, environment } = toldApart(sources);
  const { rows: last, repeated } = lastOfEach(named);
  const rows = oneSpelling(last);
  const [first] = sources;
  const runs = sources.map(({ run }) => run);
  const starts = runs.map(({ startedUtc }) => startedUtc).toSorted();
  const commands = [...new Set(runs.map(({ command }) => withoutFolder(command)))];
  const run: RunRecord = {
    ...first.run,
    command: commands.length > 1 ? commands.join("; ") : first.run.command,
    ...(commands.length > 1 ? { commands } : {}),
    plan: { ...first.run.plan, ids: [...new Set(runs.flatMap(({ plan }) => plan.ids))] },
    environment,
    startedUtc: starts[0],
  };
  const notes: string[] = [];
  if (repeated > 0) notes.push(`${repeated} cases are in several folders; the ones measured last count`);
  for (const [what, values] of [
    ["commits", rows.map(({ commit }) => commit)],
    ["versions of dualbench", rows.map(({ version }) => version ?? "unknown")],
    ["seeds", rows.map(({ seed }) => String(seed))],
  ] as const) {
    const different = [...new Set(values)];
    if (different.length > 1)
      notes.push(`the merged rows come from several ${what}: ${different.join(", ")}`);
  }
  return { run, rows, notes };
}

/** Two runs that differ in where they wrote repeat the same. */
function withoutFolder(command: string): string {
  return command.replace(/ --out(=| +)("[^"]*"|\S+)/g, "");
}

interface Named {
  readonly folder: string;
  readonly row: Row;
}

/** Where environments differ, all of them under their names, and a device of two of them once for each. */
function toldApart(sources: readonly Source[]): { rows: Named[]; environment: RunRecord["environment"] } {
  const kinds: RunRecord["environment"][] = [];
  const kindOf = sources.map(({ run: { environment } }) => {
    const at = kinds.findIndex((other) => differencesOf(other, environment).length === 0);
    return at < 0 ? kinds.push(environment) - 1 : at;
  });
  const all = (source: Source, change: (row: Row) => Row) =>
    source.rows.map((row) => ({ folder: source.folder, row: change(row) }));
  if (kinds.length <= 1)
    return { rows: sources.flatMap((source) => all(source, (row) => row)), environment: kinds[0] ?? {} };
  const names = namesOf(kinds);
  const owners = new Map<string, Set<number>>();
  for (const [i, source] of sources.entries())
    for (const { device } of source.rows)
      owners.set(device, (owners.get(device) ?? new Set()).add(kindOf[i]));
  const rows = sources.flatMap((source, i) =>
    all(source, (row) =>
      owners.get(row.device)!.size > 1 ? { ...row, device: `${row.device} (${names[kindOf[i]]})` } : row,
    ),
  );
  return { rows, environment: Object.fromEntries(names.map((name, i) => [name, kinds[i]])) };
}

function lastOfEach(all: readonly Named[]): { rows: Row[]; repeated: number } {
  const byCase = new Map<string, Named>();
  let repeated = 0;
  for (const one of all) {
    const { suite, id, device } = one.row;
    const key = `${planId(suite, id)}\t${device}`;
    const earlier = byCase.get(key);
    if (earlier && earlier.folder !== one.folder) repeated++;
    if (!earlier || better(one.row, earlier.row)) byCase.set(key, one);
  }
  return { rows: [...byCase.values()].map(({ row }) => row), repeated };
}

/** A case that ran says more than one that was skipped; between equals the later counts. */
function better(row: Row, earlier: Row): boolean {
  const ran = ({ status }: Row) => (status === "skipped" ? 0 : 1);
  return ran(row) - ran(earlier) > 0 || (ran(row) === ran(earlier) && row.timeUtc >= earlier.timeUtc);
}
