/** Where a verdict goes: the terminal, a folder, and what a continuous integration run shows. */
import { appendFileSync } from "node:fs";
import { annotations } from "../../../reports/gate/annotations.js";
import { verdictJunit } from "../../../reports/gate/junit.js";
import { verdictMarkdown } from "../../../reports/gate/markdown.js";
import { verdictTable } from "../../../reports/gate/table.js";
import type { Verdict } from "../../../reports/gate/verdict.js";
import { makeFolder, writeInto } from "../../../reports/rows/folder.js";
import { shown } from "../words.js";

/** Writes verdict.json, junit.xml and summary.md into a folder, replacing an earlier verdict's. */
export function publishVerdict(verdict: Verdict, folder: string, json: boolean): void {
  const document = `${JSON.stringify(verdict, null, 2)}\n`;
  const markdown = verdictMarkdown(verdict);
  makeFolder(folder);
  const files = [
    writeInto(folder, "verdict.json", document),
    writeInto(folder, "junit.xml", verdictJunit(verdict)),
    writeInto(folder, "summary.md", markdown),
  ];
  const { GITHUB_STEP_SUMMARY, GITHUB_ACTIONS } = process.env;
  if (GITHUB_STEP_SUMMARY) appendFileSync(GITHUB_STEP_SUMMARY, markdown);
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  for (const line of verdictTable(verdict)) say(line);
  if (GITHUB_ACTIONS) for (const line of annotations(verdict)) say(line);
  for (const file of files) say(shown(file));
  if (json) process.stdout.write(document);
}
