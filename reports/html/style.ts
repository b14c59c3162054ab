/** The page's style sheet. Colours meet a contrast of 4.5 in both themes; `data-theme` on the root overrides the system's choice. */
import { FONT } from "../charts/theme.js";
import { CHART_INKS } from "./chart.js";

const LIGHT = `
  ${CHART_INKS.light}
  --paper: #ffffff; --ink: #1a1a1a; --faint: #595959; --line: #d4d4d4; --band: #f5f6f8; --link: #0b57a4;
  --good: #14653f; --bad: #a3180c; --wait: #6b4e00; --sheet: #ffffff; color-scheme: light;`;
const DARK = `
  ${CHART_INKS.dark}
  --paper: #0f1215; --ink: #f0f0f0; --faint: #b4b4b4; --line: #3a4048; --band: #1b2026; --link: #7fbcf5;
  --good: #6fd3a0; --bad: #ff9c8f; --wait: #f0c75e; --sheet: #15181c; color-scheme: dark;`;

export const STYLE = `
:root { ${LIGHT} }
@media screen and (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { ${DARK} } }
@media screen { :root[data-theme="dark"] { ${DARK} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; }
main, header.top { max-width: 1500px; margin: 0 auto; padding: 0 1.25rem; }
header.top { display: flex; gap: 1rem; align-items: start; justify-content: space-between; padding-top: 1.25rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
p { max-width: 75ch; margin: .4rem 0; } .faint { color: var(--faint); }
a { color: var(--link); }
code { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size: .88em; overflow-wrap: anywhere; }
.skip { position: absolute; left: -999em; } .skip:focus { left: .5rem; top: .5rem; background: var(--paper); padding: .5rem; }
button, input, select {
  font: inherit; color: inherit; background: var(--band); border: 1px solid var(--line); border-radius: 4px; padding: .25rem .6rem;
}
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
figure { margin: 0; padding: .75rem; border: 1px solid var(--line); border-radius: 6px; background: var(--sheet); min-width: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(660px, 100%), 1fr)); gap: 1rem; align-items: start; }
figure .picture { overflow-x: auto; } figure svg { display: block; max-width: 100%; min-width: 540px; height: auto; }
figure svg text { font-family: ${FONT}; } figure svg.on { cursor: pointer; }
figure [data-case]:focus { outline: 2px solid var(--link); outline-offset: 3px; }
figcaption { font-size: .82rem; color: var(--faint); } figcaption p { max-width: none; margin: .3rem 0; overflow-wrap: anywhere; }
#tip {
  position: fixed; z-index: 3; max-width: min(60ch, calc(100vw - 16px)); padding: .4rem .6rem; font-size: .82rem; pointer-events: none;
  background: var(--paper); border: 1px solid var(--line); border-radius: 4px; overflow-wrap: anywhere;
}
dialog {
  color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 6px;
  width: min(80ch, calc(100vw - 16px)); max-height: 90vh; padding: 1rem;
}
dialog h2 { margin: 0 0 .6rem; font-size: 1rem; }
dialog pre { margin: .4rem 0; padding: .6rem; background: var(--band); white-space: pre-wrap; }
dialog table { margin: .6rem 0; } dialog td { overflow-wrap: anywhere; } .buttons { display: flex; flex-wrap: wrap; gap: .75rem; }
.scroll { overflow: auto; max-height: 85vh; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; font-size: .86rem; } caption { text-align: left; padding: .4rem 0; color: var(--faint); }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
#rows thead th { position: sticky; top: 0; background: var(--band); z-index: 1; white-space: nowrap; }
#rows thead button { border: 0; background: none; padding: 0; font-weight: 600; cursor: pointer; }
#rows th[aria-sort="ascending"] button::after { content: " \\2191"; } #rows th[aria-sort="descending"] button::after { content: " \\2193"; }
#rows td { max-width: 46ch; overflow-wrap: break-word; } #rows td.number { max-width: none; }
#rows td:nth-child(2) { min-width: 34ch; }
.measured { color: var(--good); } .rejected, .failed { color: var(--bad); font-weight: 600; } .skipped { color: var(--wait); }
.controls { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: .6rem 0; }
.controls label { display: grid; font-size: .8rem; color: var(--faint); } .controls input { width: min(38ch, 80vw); }
#fault { color: var(--bad); } #fault:empty, #count:empty { display: none; }
#more { margin: .5rem; position: sticky; left: .5rem; }
details > summary { cursor: pointer; color: var(--link); }
@media print {
  .controls, .skip, .theme, #more, #tip, a.svg { display: none !important; }
  .charts { display: block; } figure { break-inside: avoid; border: 0; padding: 0; } figure svg { min-width: 0; }
  .scroll { overflow: visible; max-height: none; border: 0; } #rows thead th { position: static; }
  @page { margin: 12mm; } @page wide { size: landscape; } .wide { page: wide; }
  table { font-size: 6.5pt; } th, td { padding: 2pt 3pt; } tr { break-inside: avoid; } thead { display: table-header-group; }
  #rows code { overflow-wrap: normal; } #rows thead th { white-space: normal; }
}
`;
