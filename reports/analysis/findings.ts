/** What this machine shows of the paper's claims about speed (Mamba-2, Figure 10) and what it cannot show, in two plain sentences. */

import { formatRatio, formatSize, plural } from "../format.js";
import type { Row } from "../rows/row.js";
import { type Comparison, comparisons } from "./comparisons.js";
import { bestCurves, type Curve, type Group, groupsOf } from "./curves.js";
import { growthOf } from "./growth.js";
import { ownKernels } from "./own.js";
import { fasterFrom, type Ratio } from "./speedup.js";

/** Sentences for the terminal and the report; the first says what is shown, the second what is not. */
export function findings(rows: readonly Row[]): string[] {
  const ofLength = rows.filter((row) => row.suite === "sequence-length");
  const group = groupsOf(ofLength, "length")[0];
  if (!group?.curves.some(({ points }) => points.some(({ measured }) => measured))) {
    return [
      "Nothing was measured over sequence length, so this run shows nothing of the paper's claims about speed.",
    ];
  }
  const found = new Map(comparisons(group).map((comparison) => [comparison.other.family.key, comparison]));
  const clauses = [scan(found.get("scan")), attention(found.get("attention")), own(found.get("recurrence"))];
  const shown = [...clauses.filter((clause) => clause !== undefined)].join(", ");
  const where = [group.device, group.dtype, ...(group.state === undefined ? [] : [`N = ${group.state}`])];
  const sentence = [shown === "" ? undefined : `SSD is ${shown}`, growthClause(group)]
    .filter(Boolean)
    .join("; ");
  return [
    `On ${where.join(", ")}: ${sentence || "SSD and its rivals share no measured size"}.`,
    `This run cannot show ${listed(unshown(group, rows))}.`,
    ...ownSentences(group),
  ];
}

/** A sentence for each of a user's kernels: beside ours, and beside the best peer where one was measured. */
function ownSentences(group: Group): string[] {
  return ownKernels(group).map(({ curve, against }) => {
    const { operator, form, engine } = curve.rows[0];
    const clauses = against.flatMap(({ who, other, ratios }) => {
      const last = ratios.at(-1);
      const whose = who === "ours" ? "ours" : "the best peer";
      return last
        ? [`${verdict(last, `${whose} (${operator}/${other.implementation})`)} at ${formatSize(last.x)}`]
        : [];
    });
    const name = `Your ${curve.family.name} (${operator}/${form}.${engine})`;
    return clauses.length === 0
      ? `${name} and ours share no measured size.`
      : `${name} is ${clauses.join(", and ")}.`;
  });
}

function scan(comparison: Comparison | undefined): string | undefined {
  if (!comparison) return undefined;
  const last = comparison.ratios.at(-1)!;
  return `${verdict(last, "the Mamba-1 scan")} at ${formatSize(last.x)} tokens (paper, A100: 2-8x)`;
}

function attention(comparison: Comparison | undefined): string | undefined {
  if (!comparison) return undefined;
  const { ratios } = comparison;
  const last = ratios.at(-1)!;
  const from = fasterFrom(ratios);
  if (from === undefined)
    return `not faster than attention up to ${formatSize(last.x)} tokens (paper, A100: from about 2K)`;
  // where it is faster at the smallest size too, nothing says from where on
  const where =
    from === ratios[0].x
      ? `at every measured size from ${formatSize(from)} tokens on`
      : `from ${formatSize(from)} tokens on`;
  return `faster than attention ${where} (${formatRatio(last.ratio)} at ${formatSize(last.x)}; paper, A100: from about 2K)`;
}

function own(comparison: Comparison | undefined): string | undefined {
  if (!comparison) return undefined;
  const last = comparison.ratios.at(-1)!;
  return `${verdict(last, "its own recurrent form")} at ${formatSize(last.x)}`;
}

/** "4.37x (95% interval 4.26x to 4.47x) as fast as": the interval stands beside every ratio. */
function verdict({ ratio, low, high }: Ratio, other: string): string {
  const interval = `95% interval ${formatRatio(low)} to ${formatRatio(high)}`;
  if (low <= 1 && high >= 1) return `not told apart from ${other} (${formatRatio(ratio)}, ${interval})`;
  return `${formatRatio(ratio)} (${interval}) as fast as ${other}`;
}

function growthClause(group: Group): string | undefined {
  const fits = bestCurves(group).flatMap((curve) => {
    const growth = growthOf(curve);
    const said = curve.family.key === "ssd" || curve.family.key === "attention";
    return growth && said ? [`length^${growth.exponent.toFixed(2)} for ${curve.family.name}`] : [];
  });
  return fits.length === 0 ? undefined : `time grows as ${fits.join(" and ")}`;
}

const CLAIMED = { ssd: "chunked SSD", scan: "the Mamba-1 scan", attention: "attention" } as const;

function unshown(group: Group, rows: readonly Row[]): string[] {
  const texts: string[] = [];
  const curves = new Map(bestCurves(group).map((curve) => [curve.family.key, curve]));
  for (const [key, name] of Object.entries(CLAIMED)) {
    const curve = curves.get(key);
    const last = curve && reached(curve);
    if (last === undefined) texts.push(`${name} (not measured)`);
    else if (curve!.points.some(({ measured }) => !measured)) {
      texts.push(`${name} beyond ${formatSize(last)} tokens (extrapolated)`);
    }
  }
  if (rows.every(isCpu)) {
    texts.push("what a GPU's matrix units gain, on which the paper's speed rests (every row is from a CPU)");
  }
  const broken = rows.filter(({ status }) => status === "rejected" || status === "failed").length;
  if (broken > 0) texts.push(`what ${plural(broken, "rejected or failed case")} would have shown`);
  return texts.length === 0 ? ["sizes beyond those measured, nor other machines"] : texts;
}

/** A GPU's interface in software is a CPU too. */
function isCpu({ deviceKind }: Row): boolean {
  return deviceKind === "cpu" || deviceKind === "software";
}

function reached(curve: Curve): number | undefined {
  return curve.points.findLast(({ measured }) => measured)?.x;
}

function listed(texts: readonly string[]): string {
  return texts.length <= 1 ? texts.join("") : `${texts.slice(0, -1).join(", ")}, or ${texts.at(-1)}`;
}
