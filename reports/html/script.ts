/** The scripts of report.html: modules of plain JavaScript as one, because a page that is one file can import nothing. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Each after those that it imports. */
const MODULES = [
  new URL("../rows/filter.mjs", import.meta.url),
  new URL("./page/theme.mjs", import.meta.url),
  new URL("./page/state.mjs", import.meta.url),
  new URL("./page/data.mjs", import.meta.url),
  new URL("./page/case.mjs", import.meta.url),
  new URL("./page/charts.mjs", import.meta.url),
  new URL("./page/table.mjs", import.meta.url),
  new URL("./page/main.mjs", import.meta.url),
];

export function pageScript(): string {
  return MODULES.map((url) => readFileSync(url, "utf8"))
    .join("\n")
    .replace(/^import [^;]*;$/gm, "")
    .replace(/^export (?=function|const|class)/gm, "");
}

/** Before anything is drawn: a page that changes its colours at the second look flickers. */
export const EARLY_SCRIPT = `try {
  const theme = localStorage.getItem("dualbench-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {}`;

/** What a Content-Security-Policy calls a script: no other one runs in the page, whatever a row contains. */
export function scriptHash(source: string): string {
  return `'sha256-${createHash("sha256").update(source).digest("base64")}'`;
}
