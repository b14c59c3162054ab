/** What ranks send each other in one run: by formula, and as counted by hooks on the calls of torch.distributed. */

/** Calls and bytes by operation. isend: all messages of all ranks. all_reduce: sums that all take part in, bytes of their results. */
export type Traffic = Readonly<
  Partial<Record<"isend" | "all_reduce", readonly [calls: number, bytes: number]>>
>;

export interface Counted {
  readonly sent: Traffic;
  /** Share of their timed time that ranks waited in calls; null where no clock saw it. */
  readonly waited: number | null;
}

const NOTHING = [0, 0] as const;

export function plus(...of: readonly Traffic[]): Traffic {
  const sum = (name: keyof Traffic) =>
    of.reduce<readonly [number, number]>(
      ([calls, bytes], { [name]: [more, moreBytes] = NOTHING }) => [calls + more, bytes + moreBytes],
      NOTHING,
    );
  return { isend: sum("isend"), all_reduce: sum("all_reduce") };
}

/** One sentence where counted traffic is not the formula's, or undefined. */
export function difference(formula: Traffic, counted: Traffic): string | undefined {
  for (const name of ["isend", "all_reduce"] as const) {
    const [wanted, got] = [formula[name] ?? NOTHING, counted[name] ?? NOTHING];
    if (wanted[0] !== got[0] || wanted[1] !== got[1])
      return `${name}: the formula says ${wanted[0]} calls of ${wanted[1]} bytes in all, counted ${got[0]} of ${got[1]}`;
  }
  return undefined;
}

/** Ranks that send something to a later one of theirs: along a chain each to the next, in a tree in rounds of twice the distance. */
export function passes(ranks: number, passing: string | undefined): number {
  if (passing !== "tree") return ranks - 1;
  let messages = 0;
  for (let distance = 1; distance < ranks; distance *= 2) messages += ranks - distance;
  return messages;
}
