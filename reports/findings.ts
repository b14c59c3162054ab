/** What this machine shows of the paper's claims about speed (Mamba-2, Figure 10) and what it cannot show, in two plain sentences. */
import { type Comparison, comparisons } from "./comparisons.js";
import { bestCurves, type Curve, type Group, groupBy, groupsOf } from "./curves.js";
import { formatRatio, formatSize, plural } from "./format.js";
import { type Growth, growthOf } from "./growth.js";
import type { Row } from "./row.js";
import { fasterFrom, type Ratio } from "./speedup.js";

/** Sentences for the terminal and the report; the first says what is shown, the second what is not. */
export function findings(rows: readonly Row[]): string[] {
  const ofLength = rows.filter((row) => row.suite === "sequence-length");
  const group = groupsOf(ofLength, "length")[0];
  if (!group || !group.curves.some(({ points }) => points.some(({ measured }) => measured))) {
    return [
      "Nothing was measured over sequence length, so this run shows nothing of the paper's claims about speed.",
    ];
  }
  const shown = [against(group, "scan"), against(group, "attention"), against(group, "recurrence")];
  const sentences = [...shown.filter((clause) => clause !== undefined), ...growthClause(group)];
  const what = sentences.length === 0 ? "SSD and its rivals share no measured size" : sentences.join("; ");
  return [
    `On ${group.device} (${group.dtype}${group.state === undefined ? "" : `, N = ${group.state}`}): ${what}.`,
    `Not shown: ${missing(group, rows).join("; ")}.`,
  ];
}

const PAPER: Readonly<Record<string, string>> = {
  scan: "paper: 2-8x, on an A100",
  attention: "paper: from about 2K, on an A100",
};

function against(group: Group, family: string): string | undefined {
  const found = comparisons(group).find(({ other }) => other.family.key === family);
  if (!found) return undefined;
  const claim = PAPER[family] ? ` (${PAPER[family]})` : "";
  return family === "attention" ? crossing(found) + claim : `${atLargest(found)}${claim}`;
}

function atLargest({ other, ratios }: Comparison): string {
  const last = ratios.at(-1)!;
  return `SSD is ${verdict(last)} ${other.family.name} at ${formatSize(last.x)} tokens`;
}

function verdict({ ratio, low, high }: Ratio): string {
  const range = (a: number, b: number) => `(95% interval ${formatRatio(a)} to ${formatRatio(b)})`;
  if (low > 1) return `${formatRatio(ratio)} ${range(low, high)} faster than`;
  if (high < 1) return `${formatRatio(1 / ratio)} ${range(1 / high, 1 / low)} slower than`;
  return `not told apart from`;
}

function crossing({ ratios }: Comparison): string {
  const from = fasterFrom(ratios);
  const last = ratios.at(-1)!;
  if (from === undefined) return `SSD is not faster than attention up to ${formatSize(last.x)} tokens`;
  const where = from === ratios[0].x ? `at every size from ${formatSize(from)}` : `from ${formatSize(from)}`;
  return `faster than attention ${where} to ${formatSize(last.x)} tokens (${formatRatio(last.ratio)} there)`;
}

function growthClause(group: Group): string[] {
  const fits = bestCurves(group)
    .filter(({ family }) => family.key === "ssd" || family.key === "attention")
    .map((curve) => ({ curve, growth: growthOf(curve) }))
    .filter((fit): fit is { curve: Curve; growth: Growth } => fit.growth !== undefined);
  if (fits.length === 0) return [];
  const texts = fits.map(
    ({ curve, growth }) => `length^${growth.exponent.toFixed(2)} (${curve.family.name})`,
  );
  return [`time grows as ${texts.join(" and ")}`];
}

function missing(group: Group, rows: readonly Row[]): string[] {
  const texts: string[] = [];
  const curves = bestCurves(group);
  const present = new Set(curves.filter(reached).map(({ family }) => family.key));
  const names = { attention: "attention", scan: "the Mamba-1 scan", ssd: "chunked SSD" };
  const absent = Object.entries(names).flatMap(([key, name]) => (present.has(key) ? [] : [name]));
  if (absent.length > 0) texts.push(`${absent.join(" and ")}, not measured here`);
  for (const curve of curves) {
    const guessed = curve.points.filter(({ measured }) => !measured);
    const last = reached(curve);
    if (guessed.length > 0 && last)
      texts.push(`${curve.family.name} beyond ${formatSize(last)} tokens (extrapolated)`);
  }
  // The engines' names are all that rows say about the hardware behind them.
  const onCpu = [...groupBy(rows, (row) => row.engine).keys()].every((engine) => CPU_ENGINES.has(engine));
  if (onCpu)
    texts.push(
      "the gain from a GPU's matrix units, which the paper's speed rests on (all rows are from a CPU)",
    );
  const broken = rows.filter(({ status }) => status === "rejected" || status === "failed").length;
  if (broken > 0) texts.push(`${plural(broken, "case")} rejected or failed`);
  texts.push("anything about model quality or training");
  return texts;
}

const CPU_ENGINES = new Set(["cpu", "wasm", "tfjs", "torch"]);

function reached(curve: Curve): number | undefined {
  return curve.points.findLast(({ measured }) => measured)?.x;
}
