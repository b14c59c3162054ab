/** How far what is not finite may go, by implementation, and how far it went: the second table that `verify` prints. */
import { describeSpread } from "../../impls/spread.js";
import type { Reached } from "../laws/law.js";

const EXACT = describeSpread({});

export interface PolicyRow {
  readonly implementation: string;
  /** Beside the outputs that read it; `nothing else` where it declares nothing. */
  readonly reaches: string;
  /** Runs with one element that was not finite. */
  readonly tries: number;
  /** Those of them that used what is declared. */
  readonly used: number;
}

export interface Policy {
  add(implementation: string, reached: Reached): void;
  rows(): PolicyRow[];
}

export function policyOf(): Policy {
  const found = new Map<string, PolicyRow>();
  return {
    add(implementation, { may, did }) {
      const { tries, used } = found.get(implementation) ?? { tries: 0, used: 0 };
      found.set(implementation, {
        implementation,
        reaches: may,
        tries: tries + 1,
        used: used + (did ? 1 : 0),
      });
    },
    rows: () => [...found.values()],
  };
}

/** A line for each that declares something, one for all others. What was declared and never seen may be too loose. */
export function formatPolicy(rows: readonly PolicyRow[]): string[] {
  if (rows.length === 0) return [];
  const declared = rows.filter(({ reaches }) => reaches !== EXACT);
  const exact = rows.filter(({ reaches }) => reaches === EXACT);
  const width = Math.max(0, ...declared.map(({ implementation }) => implementation.length));
  const lines = declared.map(({ implementation, reaches, tries, used }) => {
    const seen = used > 0 ? `seen in ${used} of ${tries}` : `not seen in ${tries}`;
    return `  ${implementation.padEnd(width)}  ${reaches} (${seen})`;
  });
  const tries = exact.reduce((sum, row) => sum + row.tries, 0);
  return [
    "NaN and Infinity show in the outputs that read them, and beside those in:",
    ...lines,
    `  no other output of the other ${exact.length} implementations (${tries} tries)`,
  ];
}
