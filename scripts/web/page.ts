/** The page's entry: a form, a figure and a table that grow as cases finish, and the rows as files. */

import "./page.css";
import { formatDuration, formatNumber } from "../../reports/format.js";
import { setUpTheme } from "../../reports/html/page/theme.mjs";
import { toCsv } from "../../reports/rows/csv.js";
import type { CaseRecord } from "../../reports/rows/row.js";
import { amount } from "../../suites/budget/amount.js";
import { suites } from "../../suites/index.js";
import type { Grid } from "../../suites/suite.js";
import { deviceLines } from "./device.js";
import { liveFigure } from "./figure.js";
import { resultsText } from "./record.js";
import { bench, PAGE_ENGINES, type PageChoice, verify } from "./run.js";
import { WorkerRun } from "./worker-run.js";

declare global {
  interface Window {
    /** What tests and the console call, in the page itself. */
    dualbench: { readonly bench: typeof bench; readonly verify: typeof verify };
  }
}

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const status = (text: string) => {
  element("status").textContent = text;
};

let records: CaseRecord[] = [];
let running: WorkerRun | undefined;

function addLine({ row }: CaseRecord): void {
  element("table").hidden = false;
  const line = element<HTMLTableSectionElement>("rows").insertRow();
  const result = row.status === "measured" ? formatDuration(row.medianNs) : row.reason;
  const held =
    "boundU" in row && row.boundU !== undefined && row.errorU !== undefined
      ? `${formatNumber(row.errorU)} / ${formatNumber(row.boundU)}`
      : "";
  for (const text of [row.suite, row.id, row.status, result, held]) line.insertCell().textContent = text;
  line.cells[2].className = row.status;
}

function draw(): void {
  const figure = liveFigure(
    records.map(({ row }) => row),
    document.documentElement.dataset.theme === "dark",
  );
  element("figure").replaceChildren(...(figure ? [figure] : []));
}

function offer(run: PageChoice, startedUtc: string): void {
  if (records.length === 0) return;
  const { userAgent: browser, hardwareConcurrency: cores } = navigator;
  const files = {
    jsonl: [resultsText({ ...run, startedUtc, browser, cores }, records), "application/jsonl"],
    csv: [toCsv(records.map(({ row }) => row)), "text/csv"],
  } as const;
  for (const [id, [text, type]] of Object.entries(files)) {
    const link = element<HTMLAnchorElement>(id);
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([text], { type }));
  }
  element("files").hidden = false;
}

function setRunning(run: WorkerRun | undefined): void {
  running = run;
  element<HTMLButtonElement>("start").disabled = run !== undefined;
  element<HTMLButtonElement>("stop").disabled = run === undefined;
  element("progress").hidden = run === undefined;
}

async function start(event: Event): Promise<void> {
  event.preventDefault();
  const form = new FormData(event.target as HTMLFormElement);
  const text = (name: string) => String(form.get(name) ?? "");
  const engine = PAGE_ENGINES.find(({ name }) => name === text("engine"));
  const run: PageChoice = {
    engines: engine ? [engine.name] : [],
    suites: text("suite") === "" ? [] : [text("suite")],
    grid: text("grid") as Grid,
    filter: text("filter"),
  };
  const startedUtc = new Date().toISOString();
  const remarks: string[] = [];
  records = [];
  element("rows").replaceChildren();
  element("files").hidden = true;
  status("opening engines; leave this tab in front");
  const bar = element<HTMLProgressElement>("progress");
  bar.value = 0;
  setRunning(
    new WorkerRun(run, {
      record(record) {
        records.push(record);
        addLine(record);
        draw();
      },
      progress({ done, total, remainingNs, next }) {
        [bar.value, bar.max] = [done, total];
        status(`${done} of ${total} cases, at most ${amount(remainingNs, "ns")} left: ${next}`);
      },
      remark: (sentence) => void remarks.push(sentence),
    }),
  );
  const end = await running!.ended;
  setRunning(undefined);
  offer(run, startedUtc);
  const counts = (["measured", "rejected", "failed", "skipped"] as const)
    .map((state) => ({ state, count: records.filter(({ row }) => row.status === state).length }))
    .filter(({ count }) => count > 0);
  const words = counts.map(({ state, count }) => `${count} ${state}`).join(", ");
  const ends = { done: "", stopped: "stopped; ", failed: end.kind === "failed" ? `${end.message}; ` : "" };
  status([`${ends[end.kind]}${records.length} rows${words ? `: ${words}` : ""}`, ...remarks].join(". "));
}

function setUp(): void {
  const engine = element<HTMLSelectElement>("engine");
  engine.add(new Option("all that are here", ""));
  for (const { name } of PAGE_ENGINES) engine.add(new Option(name));
  const suite = element<HTMLSelectElement>("suite");
  suite.add(new Option("the figure", ""));
  for (const { name } of suites) suite.add(new Option(name));
  document.documentElement.dataset.theme = savedTheme();
  setUpTheme();
  document.querySelector("button.theme")?.addEventListener("click", draw);
  element("form").addEventListener("submit", start);
  element("stop").addEventListener("click", () => {
    status("stopping");
    running?.stop();
  });
  void deviceLines().then((line) => {
    element("device").textContent = line;
  });
}

function savedTheme(): string {
  const chosen = localStorage.getItem("dualbench-theme");
  return chosen ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

window.dualbench = { bench, verify };
setUp();
