/** The numbers of a picture as a tidy CSV: a line a point, read from the spec itself, so that both always agree. */
import { stringify } from "csv-stringify/sync";
import type { TopLevelSpec } from "vega-lite";
import { isObject, type Json, type JsonObject } from "./merge.js";

/** What only the drawing needs. */
const DRAWING = [
  "marker",
  "segment",
  "series",
  "said",
  "family",
  "level",
  "time",
  "times",
  "of floor",
  "interval",
];

type Line = Record<string, Json>;

/** Points are the data that name their case; keys, labels and captions do not. */
export function tidyCsv(spec: TopLevelSpec): string {
  const lines = linesOf(spec as unknown as JsonObject);
  const columns = [...new Set(lines.flatMap((line) => Object.keys(line)))];
  return stringify([columns, ...lines.map((line) => columns.map((column) => line[column] ?? ""))], {
    cast: { boolean: String, string: (value) => value.replace(/\r?\n/g, " ") },
  });
}

function linesOf(spec: JsonObject): Line[] {
  const inner = ["hconcat", "vconcat", "concat"].flatMap((key) => {
    const panels = spec[key];
    return Array.isArray(panels) ? panels.flatMap((one) => (isObject(one) ? linesOf(one) : [])) : [];
  });
  if (inner.length > 0) return inner;
  const data = isObject(spec.data) && Array.isArray(spec.data.values) ? spec.data.values : [];
  const points = data.filter((one): one is JsonObject => isObject(one) && typeof one.case === "string");
  const lines = points.map((point) => tidy(point, spec));
  // a level line has two ends and one number
  return [...new Map(lines.map((line) => [JSON.stringify(line), line])).values()];
}

function tidy(point: JsonObject, spec: JsonObject): Line {
  const { x, ...rest } = point;
  const axis = isObject(spec.encoding) && isObject(spec.encoding.x) ? spec.encoding.x.title : undefined;
  const kept = Object.entries(rest).filter(([key]) => !DRAWING.includes(key));
  return {
    panel: titleOf(spec),
    ...(x === undefined ? {} : { x_axis: String(axis ?? ""), x: point.level === true ? "" : x }),
    ...Object.fromEntries(kept),
  };
}

function titleOf({ title }: JsonObject): string {
  const text = isObject(title) ? [title.text, title.subtitle] : [title];
  return text
    .flat()
    .filter((words) => typeof words === "string")
    .join(" ");
}
