/** The paper's claims against this run. */
import { asksThePaper, claimResults } from "../../analysis/claims.js";
import { CLAIM_TITLES, claimCells } from "../../claims.js";
import type { Row } from "../../rows/row.js";
import { plainTable, scrolled } from "../plain-table.js";

export function claimsSection(rows: readonly Row[]): string {
  if (!asksThePaper(rows)) return "";
  const lines = claimResults(rows).map(claimCells);
  return `<section class="wide" aria-labelledby="claims"><h2 id="claims">The paper's claims about speed</h2>
<p>A claim holds when the whole 95% interval meets it, and does not hold when the whole interval misses it. Intervals cover noise within
this run. The paper measured on an A100.</p>
${scrolled("claims", plainTable(CLAIM_TITLES, lines, CLAIM_TITLES.length))}</section>`;
}
