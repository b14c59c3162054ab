/**
 * A chart in the page: its SVG as a part of the document, in colours that follow the theme, its caption as text. Points know their case,
 * so that a pointer, a key or a click on one finds it.
 */
import type { TopLevelSpec } from "vega-lite";
import { withoutCaption } from "../charts/figure.js";
import { PALETTES } from "../charts/palettes.js";
import { renderSvg } from "../charts/render.js";
import { isObject, type Json } from "../charts/spec/merge.js";
import { DARK, LIGHT } from "../charts/theme.js";
import { escapeHtml } from "./escape.js";

export interface ReportChart {
  readonly name: string;
  /** Of its panels. */
  readonly titles: readonly string[];
  readonly svg: string;
  /** Its caption. */
  readonly lines: readonly string[];
}

/** @param light the spec in the light theme */
export async function reportChart(name: string, light: TopLevelSpec): Promise<ReportChart> {
  const { spec, lines } = withoutCaption(light);
  const told = tellingCases(spec as unknown as Json) as unknown as TopLevelSpec;
  const svg = await renderSvg(told);
  return { name, titles: titlesOf(spec as unknown as Json), lines, svg: ofPage(name, svg) };
}

export function chartFigure({ name, titles, svg, lines }: ReportChart): string {
  const id = escapeHtml(name);
  const title = `${titles.join(", ") || name} (the table of all cases holds its numbers)`;
  return `<figure data-chart="${id}">
<div class="picture" tabindex="0" role="group" aria-label="Chart: ${escapeHtml(title)}">${svg}</div>
<figcaption>${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join("\n")}
<a class="svg" href="#${id}" download="${id}.svg" hidden>${id}.svg</a></figcaption></figure>`;
}

/** Parts of what a point says; no text of a row holds it. */
const PART = "\u2063";

/** Every point says its interval and its case as well; `ofPage` takes them apart again. */
function tellingCases(value: Json): Json {
  if (Array.isArray(value)) return value.map(tellingCases);
  if (!isObject(value)) return value;
  const { said, interval, case: id } = value;
  if (typeof said === "string" && typeof id === "string")
    return { ...value, said: [said, interval ?? "", id].join(PART) };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tellingCases(one)]));
}

function titlesOf(value: Json): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap(titlesOf))];
  if (!isObject(value)) return [];
  const panels = [value.vconcat, value.hconcat].filter((one) => one !== undefined);
  if (panels.length > 0) return [...new Set(panels.flatMap(titlesOf))];
  const text = isObject(value.title) ? [value.title.text].flat() : [value.title];
  return text.filter((words) => typeof words === "string");
}

function ofPage(name: string, svg: string): string {
  return (
    svg
      .replace(/^<svg [^>]*?(width="[\d.]+" height="[\d.]+" viewBox="[^"]*")>/, '<svg $1 class="marks">')
      .replace(/<rect width="[\d.]+" height="[\d.]+" fill="[^"]*"\/>/, "")
      .replace(/ (id="|clip-path="url\(#)/g, ` $1${name}-`)
      .replace(
        new RegExp(`aria-label="([^"${PART}]*)${PART}([^"${PART}]*)${PART}([^"]*)"`, "g"),
        (_, ...parts) => {
          const [said, interval, id] = parts;
          return `aria-label="${said}" data-interval="${interval}" data-case="${id}"`;
        },
      )
      .replace(/ (fill|stroke)="(#[0-9a-fA-F]{6})"/g, (all, what, ink) =>
        INKS.has(ink.toLowerCase()) ? ` ${what}="var(${inkName(ink)})"` : all,
      )
      .replace(/ font-family="[^"]*"/g, "")
      // groups of marks are nothing that a reader looks at
      .replace(/ role="[\w-]+" aria-roledescription="[a-z]+ mark container"/g, "")
  );
}

/** Colours of charts that are others in the dark. */
const INKS: ReadonlyMap<string, string> = new Map(
  [
    ...Object.values(PALETTES).flatMap(({ onDark }) => Object.entries(onDark)),
    ...(["background", "text", "faint", "grid"] as const).map((part) => [LIGHT[part], DARK[part]]),
  ].map(([light, dark]) => [light.toLowerCase(), dark]),
);

function inkName(ink: string): string {
  return `--ink-${ink.slice(1).toLowerCase()}`;
}

/** For the style sheet: each ink of the charts under its name. */
export const CHART_INKS = {
  light: [...INKS.keys()].map((ink) => `${inkName(ink)}: ${ink};`).join(" "),
  dark: [...INKS].map(([ink, dark]) => `${inkName(ink)}: ${dark};`).join(" "),
};
