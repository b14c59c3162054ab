/** The page's entry: a form, a table that fills as cases finish, and the rows as a file. */
import type { CaseRecord } from "../../reports/rows/row.js";
import type { Grid } from "../../suites/suite.js";
import { resultsText } from "./record.js";
import { bench, PAGE_ENGINES, verify } from "./run.js";

declare global {
  interface Window {
    /** What tests and the console call. */
    dualbench: { readonly bench: typeof bench; readonly verify: typeof verify };
  }
}

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

function show({ row }: CaseRecord): void {
  const line = element<HTMLTableSectionElement>("rows").insertRow();
  const result = row.status === "measured" ? `${(row.medianNs / 1e6).toPrecision(3)} ms` : row.reason;
  for (const text of [row.suite, row.id, row.status, result]) line.insertCell().textContent = text;
}

function offer(text: string): void {
  const link = element<HTMLAnchorElement>("download");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  link.hidden = false;
}

async function start(event: Event): Promise<void> {
  event.preventDefault();
  const form = new FormData(event.target as HTMLFormElement);
  const status = element("status");
  element("rows").replaceChildren();
  status.textContent = "running; leave this tab in front";
  try {
    const engine = PAGE_ENGINES.find(({ name }) => name === form.get("engine"))!.name;
    const filter = String(form.get("filter") ?? "");
    const grid = form.get("grid") as Grid;
    const startedUtc = new Date().toISOString();
    const records = await bench({ engine, grid, filter, onRecord: show });
    const { userAgent: browser, hardwareConcurrency: cores } = navigator;
    offer(resultsText({ engine, grid, filter, startedUtc, browser, cores }, records));
    status.textContent = `${records.length} rows`;
  } catch (error) {
    status.textContent = (error as Error).message;
  }
}

for (const { name } of PAGE_ENGINES) element<HTMLSelectElement>("engine").add(new Option(name));
window.dualbench = { bench, verify };
element("form").addEventListener("submit", start);
