/**
 * Which kernel of the base is a kernel of head: the one of the same operator, form, engine and `make`, wherever it stands. A kernel that
 * names no `make` is known by the file and the name that export it. Places in lists decide nothing: a new export moves them all.
 */
import type { Options } from "../../../impls/prepared.js";
import type { Description, InventoryEntry } from "../../processes/protocol.js";
import { sameOptions } from "./chance.js";

/** A kernel of one arm, with all that it offers for one problem. */
export interface Offer {
  readonly impl: number;
  readonly entry: InventoryEntry;
  readonly answers: readonly Description[];
}

/** A kernel of head with the options it is looked for by. */
export interface Sought {
  readonly entry: InventoryEntry;
  readonly options: Options;
}

export interface Search {
  /** Head's kernels, all of them: one that has a namesake in the base is not taken for another's. */
  readonly head: readonly InventoryEntry[];
  /** The base's file for a file of head: another one where it was moved. */
  follow(file: string): string | undefined;
}

/** @param offers the base's kernels of this operator, form and engine. @returns why there is none, where there is none */
export function partnerOf(sought: Sought, offers: readonly Offer[], search: Search): Offer | string {
  const unnamed = isUnnamed(sought.entry, sought.options);
  const alike = offers.filter(({ entry, answers }) =>
    answers.some(({ options }) =>
      isUnnamed(entry, options) ? unnamed : !unnamed && options.make === sought.options.make,
    ),
  );
  const found = unnamed && sought.entry.origin ? byExport(sought.entry, alike, search) : alike;
  // a kernel that got or lost its own make in this change is still what its file exports by that name
  const renamed = () =>
    offers.filter(
      ({ entry, answers }) =>
        answers.some(({ options }) => isUnnamed(entry, options) !== unnamed) &&
        isSameExport(sought.entry, entry, search),
    );
  const all = found.length > 0 ? found : renamed();
  if (all.length === 0) return "it is new: the base has no such implementation";
  const one = only(all, [
    ({ entry, answers }) =>
      answers.some((one) => sameOptions(headOptions(entry, one.options, sought), sought.options)),
    ({ entry }) => isSameFile(sought.entry, entry, search),
    ({ entry }) => entry.source === sought.entry.source,
  ]);
  return (
    one ?? `the base has ${all.length} kernels that it may be; give each of them options { make: "..." }`
  );
}

/** Options of a base's kernel in head's spelling: the `make` that a kernel without one gets counts the exports of its file. */
export function headOptions(
  base: InventoryEntry,
  options: Options,
  { entry, options: own }: Sought,
): Options {
  if (!isUnnamed(base, options) || !isUnnamed(entry, own)) return options;
  const { make: _counted, ...rest } = options;
  return own.make === undefined ? rest : { ...rest, make: own.make };
}

export function isUnnamed({ origin }: InventoryEntry, { make }: Options): boolean {
  return make === origin?.fallbackMake;
}

/** By the name that exports it; else by its id, unless that kernel of the base is another one's. */
function byExport(sought: InventoryEntry, alike: readonly Offer[], search: Search): readonly Offer[] {
  const same = alike.filter(({ entry }) => isSameExport(sought, entry, search));
  if (same.length > 0) return same;
  const isTaken = (base: InventoryEntry) =>
    search.head.some((other) => other.name === base.name && isSameExport(other, base, search));
  return alike.filter(
    ({ entry }) => entry.origin?.fallbackMake === sought.origin?.fallbackMake && !isTaken(entry),
  );
}

function isSameExport(head: InventoryEntry, base: InventoryEntry, search: Search): boolean {
  return head.origin?.exported === base.origin?.exported && isSameFile(head, base, search);
}

function isSameFile({ origin }: InventoryEntry, base: InventoryEntry, { follow }: Search): boolean {
  return origin !== undefined && follow(origin.file) === base.origin?.file;
}

/** Narrows by one test after the other, each only while it leaves something. */
function only(all: readonly Offer[], tests: readonly ((offer: Offer) => boolean)[]): Offer | undefined {
  let left = all;
  for (const test of tests) {
    const kept = left.filter(test);
    if (kept.length > 0) left = kept;
  }
  return left.length === 1 ? left[0] : undefined;
}
