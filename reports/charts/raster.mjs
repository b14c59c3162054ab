// SVG to PNG by resvg, in a process of its own (see render.ts): plain JavaScript, so that it starts in 50 ms from sources and from the
// package alike. Its arguments are the font files; resvg drops text silently when it has none.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Resvg } from "@resvg/resvg-js";

const fontFiles = process.argv.slice(2);
const font = {
  fontFiles,
  loadSystemFonts: false,
  defaultFontFamily: "DejaVu Sans Condensed",
  sansSerifFamily: "DejaVu Sans Condensed",
};

// a picture's 40 MB of pixels lie outside the heap, where the collector does not see them: unasked it would let them pile up
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const parent = process.ppid;

process.on("message", ({ id, svg, scale }) => {
  // pictures that are still queued come before the news that nobody waits for them
  if (process.ppid !== parent) process.exit();
  let answer;
  try {
    answer = { id, png: new Resvg(svg, { fitTo: { mode: "zoom", value: scale }, font }).render().asPng() };
  } catch (error) {
    answer = { id, why: error instanceof Error ? error.message : String(error) };
  }
  process.send(answer);
  collect();
});
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());
