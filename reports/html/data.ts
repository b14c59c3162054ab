/** The cases as the page's script reads them (page/data.mjs): columns of texts, and of values where a column sorts by number. */
import { ID_KEYS } from "../rows/case-id.js";
import type { Row, RunRecord } from "../rows/row.js";
import { caseCommand } from "./command.js";
import { COLUMNS } from "./rows.js";

/** Words that repeat are stored once. */
type Texts = readonly string[] | { readonly words: readonly string[]; readonly at: readonly number[] };

export function packedCases(run: RunRecord, rows: readonly Row[]) {
  return {
    keys: ID_KEYS,
    // an id stands in its command: it is not stored twice
    commands: packed(rows.map((row) => caseCommand(run, row).replaceAll(row.id, "\0"))),
    columns: COLUMNS.map(({ title, numeric, cell }) => {
      const cells = rows.map(cell);
      const text = packed(cells.map((one) => one.text));
      return numeric
        ? { title, numeric, text, value: cells.map(({ value }) => short(value)) }
        : { title, text };
    }),
  };
}

function packed(texts: readonly string[]): Texts {
  const places = new Map([...new Set(texts)].map((text, i) => [text, i]));
  return places.size > texts.length / 2
    ? texts
    : { words: [...places.keys()], at: texts.map((text) => places.get(text)!) };
}

/** Enough to sort by. */
function short(value: string | number | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? Number(value.toPrecision(7)) : null;
}
