/** Finds the kernel of each case in the base, with head's options where the base may choose them, else with the base's own. */
import type { Case } from "../../plan/case.js";
import type { EnginePool, Present } from "../../processes/engine-pool.js";
import type { Description, InventoryEntry, Question } from "../../processes/protocol.js";
import type { Sides } from "../lab.js";
import { type Differing, differByChance, sameOptions } from "./chance.js";
import { headOptions, type Offer, partnerOf } from "./partners.js";

/** Both arms as they stand open, and what their processes list. */
export interface Grounds {
  readonly inventory: Sides<readonly InventoryEntry[]>;
  readonly targets: Sides<readonly Present[]>;
  readonly pools: Sides<EnginePool>;
  /** The base's file for a file of head. */
  follow(file: string): string | undefined;
}

export interface Match<C extends Planned> {
  readonly planned: C;
  readonly impl: number;
  /** As the base is timed. */
  readonly options: Description["options"];
  /** Why the base cannot run it. */
  readonly unsupported: string | undefined;
}

/** A case of head's plan. */
export type Planned = Pick<Case, "impl" | "target" | "problem" | "options" | "unsupported">;

export interface Pairs<C extends Planned> {
  readonly matches: readonly Match<C>[];
  /** Kernels of head that the base does not have. */
  readonly alone: readonly { readonly planned: C; readonly reason: string }[];
}

export async function pairUp<C extends Planned>(grounds: Grounds, planned: readonly C[]): Promise<Pairs<C>> {
  const matches: Match<C>[] = [];
  const alone: Pairs<C>["alone"][number][] = [];
  for (const [t, target] of grounds.targets.head.entries()) {
    const own = planned.filter((one) => one.target === t);
    if (own.length === 0) continue;
    const there = placeOf(target, grounds.targets.base);
    if (there < 0) {
      const reason = `the base has no engine ${target.engine}`;
      alone.push(...own.map((one) => ({ planned: one, reason })));
      continue;
    }
    const asked = await offersFor(grounds, there, own);
    const found: Found<C>[] = [];
    for (const one of own) {
      const sought = { entry: grounds.inventory.head[one.impl], options: one.options };
      const search = { head: grounds.inventory.head, follow: grounds.follow };
      const offer = partnerOf(sought, asked.get(one)!, search);
      if (typeof offer === "string") alone.push({ planned: one, reason: offer });
      else found.push(foundIn(offer, one, sought));
    }
    matches.push(...(await settle(grounds, { head: t, base: there }, found)));
  }
  return { matches, alone };
}

export function placeOf({ engine, device }: Present, targets: readonly Present[]): number {
  return targets.findIndex((one) => one.engine === engine && one.device === device);
}

export async function describe(
  from: EnginePool,
  target: number,
  questions: readonly Question[],
): Promise<readonly (readonly Description[])[]> {
  if (questions.length === 0) return [];
  const { link } = await from.link(target);
  return link.call("describe", { questions }, 300_000);
}

/** The base's kernels that a kernel of head may be: of its operator, form and engine, built in as it is or a user's as it is. */
export function candidates({ name, origin }: InventoryEntry, base: readonly InventoryEntry[]): number[] {
  return base.flatMap((other, i) =>
    other.name === name && (other.origin === undefined) === (origin === undefined) ? [i] : [],
  );
}

async function offersFor<C extends Planned>(
  { inventory, pools }: Grounds,
  there: number,
  own: readonly C[],
): Promise<Map<C, Offer[]>> {
  const asked = own.flatMap((one) =>
    candidates(inventory.head[one.impl], inventory.base).map((impl) => ({ one, impl })),
  );
  const answers = await describe(
    pools.base,
    there,
    asked.map(({ one: { problem }, impl }) => ({ impl, problem, everyChoice: true })),
  );
  const offers = new Map<C, Offer[]>(own.map((one) => [one, []]));
  for (const [i, { one, impl }] of asked.entries())
    offers.get(one)!.push({ impl, entry: inventory.base[impl], answers: answers[i] });
  return offers;
}

interface Found<C extends Planned> {
  readonly planned: C;
  readonly differing: Differing;
  readonly answer: Description;
  /** Nothing is left to ask: the options are the same, or one arm refuses. */
  readonly settled: boolean;
}

function foundIn<C extends Planned>(
  { impl, entry, answers }: Offer,
  planned: C,
  sought: Parameters<typeof partnerOf>[0],
): Found<C> {
  const { problem, options, unsupported } = planned;
  const spelled = answers.map((one) => ({ ...one, options: headOptions(entry, one.options, sought) }));
  const same = spelled.find((one) => sameOptions(one.options, options));
  const first = spelled.find((one) => one.options.make === options.make) ?? spelled[0];
  return {
    planned,
    answer: same ?? first,
    differing: {
      problem,
      impl: { head: planned.impl, base: impl },
      options: { head: options, base: first.options },
    },
    settled: same !== undefined || (first.unsupported ?? unsupported) !== undefined,
  };
}

/** Asks both arms again where a search may have chosen by luck. */
async function settle<C extends Planned>(
  { pools, inventory }: Grounds,
  place: Sides<number>,
  found: readonly Found<C>[],
): Promise<Match<C>[]> {
  const open = found.flatMap(({ differing, settled }) => (settled ? [] : [differing]));
  const chance = await differByChance(open, async (arm, again) => {
    await pools[arm].restart(place[arm]);
    const answers = await describe(pools[arm], place[arm], again);
    if (arm === "head") return answers;
    return answers.map((own, i) => {
      const { planned } = found.find(
        ({ differing: { impl, problem } }) => impl.base === again[i].impl && problem === again[i].problem,
      )!;
      const sought = { entry: inventory.head[planned.impl], options: planned.options };
      const entry = inventory.base[again[i].impl];
      return own.map((one) => ({ ...one, options: headOptions(entry, one.options, sought) }));
    });
  });
  return found.map(({ planned, answer, differing }) => ({
    planned,
    impl: differing.impl.base,
    options: chance.has(differing) ? planned.options : answer.options,
    unsupported: answer.unsupported,
  }));
}
