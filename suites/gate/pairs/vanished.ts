/** Kernels of the base that head has no longer, asked of the quick grid's problems. */
import type { Problem } from "../../../impls/operator.js";
import { caseId, parseCaseName } from "../../../reports/rows/case-id.js";
import { chooseSuites } from "../../index.js";
import { caseKeys } from "../../plan/case-keys.js";
import type { Description, InventoryEntry } from "../../processes/protocol.js";
import { candidates, describe, type Grounds, placeOf } from "./pair.js";
import { isUnnamed, partnerOf } from "./partners.js";

interface Gone {
  readonly id: string;
  readonly reason: string;
}

/**
 * @param isGated whether a kernel of the base belongs to what is gated
 * @param matches the filter: of a kernel with no case in it nothing is said
 */
export async function vanished(
  grounds: Grounds,
  isGated: (kernel: InventoryEntry) => boolean,
  matches: (id: string) => boolean,
): Promise<Gone[]> {
  const { inventory, targets, pools } = grounds;
  const gone = new Set<string>();
  for (const [b, target] of targets.base.entries()) {
    const h = placeOf(target, targets.head);
    for (const [impl, entry] of inventory.base.entries()) {
      if (engineOf(entry) !== target.engine || !isGated(entry) || !mayHaveGone(entry, inventory)) continue;
      const problems = problemsOf(entry);
      const ask = (kernel: number) =>
        problems.map((problem) => ({ impl: kernel, problem, everyChoice: true }));
      const rivals = inventory.head.flatMap((one, i) => (candidates(one, [entry]).length > 0 ? [i] : []));
      const offered = await describe(pools.base, b, ask(impl));
      const theirs: (readonly (readonly Description[])[])[] = [];
      for (const rival of h < 0 ? [] : rivals) theirs.push(await describe(pools.head, h, ask(rival)));
      for (const [p, problem] of problems.entries())
        for (const one of offered[p]) {
          const offer = { impl, entry, answers: [one] };
          const search = { head: inventory.head, follow: grounds.follow };
          const isHere = theirs.some((answers, r) =>
            answers[p].some(({ options }) => {
              const sought = { entry: inventory.head[rivals[r]], options };
              return typeof partnerOf(sought, [offer], search) !== "string";
            }),
          );
          const id = caseId(entry.name, caseKeys(problem, one.options, target.deviceKey));
          if (!isHere && one.unsupported === undefined && matches(id)) gone.add(labelOf(entry, one));
        }
    }
  }
  return [...gone].map((id) => ({ id, reason: "head has it no longer" }));
}

/** Of built-in kernels that share a name, as peers of one library do, one is missing where head has fewer. */
function mayHaveGone({ name, origin }: InventoryEntry, { base, head }: Grounds["inventory"]): boolean {
  const count = (entries: readonly InventoryEntry[]) => entries.filter((one) => one.name === name).length;
  return origin !== undefined || (count(head) > 0 && count(head) < count(base));
}

export function engineOf({ name }: InventoryEntry): string {
  return parseCaseName(name).engine;
}

/** Of the quick grid, each once. */
function problemsOf({ name, dtypes = ["f32"] }: InventoryEntry): Problem[] {
  const all = chooseSuites([])
    .flatMap((suite) => suite.curves("quick", 0))
    .filter(({ operator }) => parseCaseName(name).operator === operator.name)
    .flatMap(({ problems }) => problems.filter(({ dtype }) => dtypes.includes(dtype)));
  return [...new Map(all.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** As ids begin, or by what exports it where it has no `make` of its own. */
function labelOf(entry: InventoryEntry, { options }: Description): string {
  const { name, origin } = entry;
  if (!isUnnamed(entry, options) || !origin) return `${name} make=${options.make}`;
  return `${name}, ${origin.exported} of ${origin.file.split(/[\\/]/).at(-1)}`;
}
