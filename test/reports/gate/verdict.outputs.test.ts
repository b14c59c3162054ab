import { describe, expect, it } from "vitest";
import { annotations } from "../../../reports/gate/annotations.js";
import { verdictJunit } from "../../../reports/gate/junit.js";
import { verdictMarkdown } from "../../../reports/gate/markdown.js";
import { verdictTable } from "../../../reports/gate/table.js";
import type { Verdict } from "../../../reports/gate/verdict.js";

const REPEAT = 'npm run gate -- --base main --filter "ssd/x length=1"';
const NASTY = 'a | b <script> & "quoted"\u0007\nsecond line, 100%: end';

const verdict: Verdict = {
  version: 1,
  status: "regression",
  reasons: [NASTY, "another reason"],
  base: { name: "main", commit: "0123456789abcdef" },
  head: { name: "HEAD", commit: "fedcba9876543210" },
  command: "npm run gate",
  seed: 1,
  rule: { delta: 0.03 },
  estimator: "median of turns",
  selection: "all",
  minutes: 1.5,
  machine: "a CPU",
  gpu: [],
  shapes: { implementations: 2, checks: 74, notTaken: 12, left: 3, seconds: 20, seed: 7 },
  canary: { id: "ssd/c", ratio: 1.001, low: 0.98, high: 1.02, blocks: 6, toldApart: false },
  cases: [
    {
      id: "ssd/quiet",
      outcome: "same",
      ratio: 1,
      low: 0.9,
      high: null,
      mde80: null,
      baseNs: 1e6,
      headNs: 1e6,
      repeat: "-",
    },
    {
      id: "ssd/x length=1",
      outcome: "slower",
      ratio: 1.104,
      low: 1.08,
      high: 1.13,
      adjustedP: 0.00049,
      mde80: 0.081,
      baseNs: 2.13e6,
      headNs: 2.35e6,
      repeat: REPEAT,
    },
    { id: "ssd/lost", outcome: "undecided", reason: NASTY, repeat: "r" },
  ],
  checks: [
    { name: "cost", what: "ssd/y", status: "fail", detail: "dispatches 1 -> 2" },
    { name: "size", what: "kernel", status: "pass", detail: "1 -> 1 bytes" },
    { name: "growth", what: "ssd/z", status: "known", detail: "length^1.50" },
  ],
  notCompared: [{ id: "ssd/new", reason: "it is new" }],
};

describe("outputs of a verdict", () => {
  it("table: bad news first, everything that was left out, the command that repeats", () => {
    const text = verdictTable(verdict).join("\n");
    expect(text.indexOf("slower")).toBeLessThan(text.indexOf("same "));
    expect(text).toMatch(
      /slower +1\.104 +1\.080 to 1\.130 +0\.00049 +8\.1% +2\.13 ms +2\.35 ms +ssd\/x length=1/,
    );
    expect(text).toMatch(/same +1\.000 +0\.900 to any +any/);
    for (const words of ["ssd/new: it is new", "dispatches 1 -> 2", "known", "6 blocks of ssd/c", REPEAT])
      expect(text).toContain(words);
    expect(text).toContain("REGRESSION: ");
  });

  it("JUnit: well-formed whatever the words, one test a case, check and canary", () => {
    const xml = verdictJunit(verdict);
    expect(xml).toContain('tests="9" failures="2" errors="1" skipped="2" time="90.0"');
    expect([...xml.matchAll(/<testcase /g)]).toHaveLength(9);
    // nothing that XML forbids is left: control characters, raw markup, unescaped quotes inside attributes
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(xml).not.toMatch(/[\u0000-\u0008]/);
    expect(xml).not.toContain("<script>");
    const tags = [...xml.matchAll(/<(\/?)(\w+)((?:\s+\w+="[^"<]*")*)\s*(\/?)>/g)];
    expect(tags.map(([whole]) => whole).join("").length).toBe(
      xml
        .replace(/^<\?xml[^>]*>/, "")
        .replace(/>\s+</g, "><")
        .trim().length,
    );
    const depth = tags.reduce((open, [, close, , , self]) => open + (close ? -1 : self ? 0 : 1), 0);
    expect(depth).toBe(0);
    expect(xml).toContain("again: npm run gate -- --base main --filter &#34;ssd/x length=1&#34;");
  });

  it("markdown: no cell is ended by what it holds", () => {
    const text = verdictMarkdown(verdict);
    const rows = text.split("\n").filter((line) => line.startsWith("| "));
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row.replaceAll("\\|", "").split("|")).toHaveLength(10);
    expect(text).toContain("- a \\| b &lt;script>");
    expect(text).toContain(`\`\`\`\n${REPEAT}\n`);
  });

  it("annotations: one line each, workflow commands cannot be broken out of", () => {
    const lines = annotations(verdict);
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toMatch(/^::(error|warning|notice) title=[^:,\n]*::[^\n]*$/);
    expect(lines[0]).toContain("::error title=gate%3A slower::ssd/x length=1: 1.104 times as long");
    expect(lines.join("\n")).toContain("100%25");
    expect(annotations({ ...verdict, status: "pass", cases: [], checks: [] })[0]).toMatch(/^::notice /);
  });
});
