/** Dispatches, bytes and flops as each implementation counts them, head against base, over the quick grid: needs no device. */
import type { ImplementationCost } from "../../../impls/implementation.js";
import type { Check } from "../../../reports/gate/verdict.js";
import type { InventoryEntry } from "../../processes/protocol.js";
import type { Sides } from "../lab.js";

const COUNTED = ["dispatches", "bytes", "flops"] as const;

/** One line an implementation that counts. @param sizes names of the problems, for the reader */
export function costChecks(
  { base, head }: Sides<readonly InventoryEntry[]>,
  sizes: readonly string[],
): Check[] {
  return head.flatMap(({ name, costs }): Check[] => {
    const before = base.find((entry) => entry.name === name);
    const both = costs.flatMap((cost, i) => {
      const was = before?.costs[i];
      return cost && was ? [{ cost, was, size: sizes[i] }] : [];
    });
    if (both.length === 0) return [];
    const grown = both.map((pair) => ({
      ...pair,
      more: COUNTED.filter((key) => pair.cost[key] > pair.was[key]),
    }));
    const worst = grown.find(({ more }) => more.length > 0);
    const detail = worst ? `${worst.size}: ${said(worst)}` : `${both.length} sizes, none counts more`;
    return [{ name: "cost", what: name, status: worst ? "fail" : "pass", detail }];
  });
}

function said({
  cost,
  was,
  more,
}: {
  cost: ImplementationCost;
  was: ImplementationCost;
  more: readonly (typeof COUNTED)[number][];
}): string {
  return more.map((key) => `${key} ${was[key]} -> ${cost[key]}`).join(", ");
}
