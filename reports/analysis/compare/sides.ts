/** Two sides of runs, case by case: what each run measured of a case, on one kind of machine. */
import { differencesOf, machineKind, namesOf } from "../../rows/machine.js";
import type { Measured, Row } from "../../rows/row.js";

export interface SideRun {
  /** As the person typed it. */
  readonly folder: string;
  readonly environment: unknown;
  readonly rows: readonly Row[];
}

export interface Sides {
  readonly before: readonly SideRun[];
  readonly after: readonly SideRun[];
}

/** One case on one machine: a row for each run that measured it; undefined where a run did not. */
export interface PairedCase {
  readonly id: string;
  readonly device: string;
  readonly before: readonly (Measured | undefined)[];
  readonly after: readonly (Measured | undefined)[];
}

/** Runs of one kind of machine with the cases that both of its sides measured. */
export interface MachinePairs {
  readonly machine: string;
  readonly cases: readonly PairedCase[];
  /** Runs of each side on this machine. */
  readonly runs: readonly [before: number, after: number];
  /** Cases that only one side measured. */
  readonly alone: number;
}

/** A panel a machine; `notes` says in sentences what has none. */
export function pairCases({ before, after }: Sides): { machines: MachinePairs[]; notes: string[] } {
  const machines: MachinePairs[] = [];
  const notes: string[] = [];
  const kinds = kindsOf([...before, ...after]);
  for (const { name: machine, environment } of kinds) {
    const own = (runs: readonly SideRun[]) =>
      runs.filter((run) => differencesOf(run.environment, environment).length === 0);
    const [first, second] = [own(before), own(after)];
    if (first.length === 0 || second.length === 0) {
      const side = first.length === 0 ? "after" : "before";
      notes.push(
        `${machine} was measured only ${side}: it has no panel, because times of two machines are no change of the code.`,
      );
      continue;
    }
    const pairs = pairsOf(first, second);
    if (pairs.cases.length === 0) notes.push(`${machine} has no panel: its runs measured no case in common.`);
    else machines.push({ machine, runs: [first.length, second.length], ...pairs });
    if (pairs.cases.length > 0 && pairs.alone > 0)
      notes.push(`${pairs.alone} cases of ${machine} were measured on one side only and are left out.`);
  }
  return { machines, notes };
}

interface Kind {
  readonly name: string;
  readonly environment: unknown;
}

/** Kinds of machines, named by what they are, and by what tells them apart where that is the same. */
function kindsOf(runs: readonly SideRun[]): Kind[] {
  const kinds: unknown[] = [];
  for (const { environment } of runs)
    if (kinds.every((other) => differencesOf(other, environment).length > 0)) kinds.push(environment);
  const own = kinds.map(machineKind);
  const apart = kinds.length > 1 ? namesOf(kinds) : [];
  const isShared = (name: string) => own.filter((other) => other === name).length > 1;
  return kinds.map((environment, i) => ({
    environment,
    name: isShared(own[i]) ? `${own[i]} (${apart[i]})` : own[i],
  }));
}

function pairsOf(before: readonly SideRun[], after: readonly SideRun[]) {
  const sides = [before, after].map((runs) => runs.map(({ rows }) => measuredOnce(rows)));
  const keys = [...new Set(sides.flat().flatMap((run) => [...run.keys()]))];
  const all = keys.map((key) => {
    const [first, second] = sides.map((runs) => runs.map((run) => run.get(key)));
    const some = [...first, ...second].find((row) => row !== undefined)!;
    return { id: some.id, device: some.device, before: first, after: second };
  });
  const has = (rows: readonly unknown[]) => rows.some((row) => row !== undefined);
  const cases = all.filter((one) => has(one.before) && has(one.after));
  return { cases, alone: all.length - cases.length };
}

/** A case that two suites asked for was measured once. */
function measuredOnce(rows: readonly Row[]): Map<string, Measured> {
  const measured = rows.filter((row): row is Measured => row.status === "measured" && row.medianNs > 0);
  return new Map(measured.map((row) => [`${row.id}\t${row.device}`, row]));
}
