/** Vega, Vega-Lite and vega-embed as they are published, to be written into the page. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

export function librarySources(): string[] {
  return [
    minified("vega", "vega.min.js"),
    minified("vega-lite", "vega-lite.min.js"),
    minified("vega-embed", "vega-embed.min.js"),
  ];
}

/** Every one of these packages keeps its browser build beside its main module. */
function minified(name: string, file: string): string {
  const source = readFileSync(join(dirname(require.resolve(name)), file), "utf8");
  return source.replace(/^\/\/# sourceMappingURL=.*$/gm, "");
}

export function pageScript(): string {
  return readFileSync(new URL("./page.mjs", import.meta.url), "utf8");
}
