/** A verdict as JUnit XML: one test a case, a check, and one for the canary. */
import { escapeHtml } from "../html/escape.js";
import type { Verdict } from "./verdict.js";
import { canaryWords, caseWords } from "./words.js";

interface TestCase {
  readonly group: string;
  readonly name: string;
  readonly problem?: { readonly kind: "failure" | "error" | "skipped"; readonly message: string };
}

const KINDS = {
  slower: "failure",
  wrong: "failure",
  failed: "failure",
  undecided: "error",
} as const;

export function verdictJunit(verdict: Verdict): string {
  const tests = testsOf(verdict);
  const count = (kind: string) => tests.filter(({ problem }) => problem?.kind === kind).length;
  const lines = tests.map(({ group, name, problem }) => {
    const open = `    <testcase classname="${escapeXml(group)}" name="${escapeXml(name)}"`;
    if (!problem) return `${open}/>`;
    return `${open}><${problem.kind} message="${escapeXml(problem.message)}"/></testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  <testsuite name="dualbench gate" tests="${tests.length}" failures="${count("failure")}" ` +
      `errors="${count("error")}" skipped="${count("skipped")}" time="${(60 * verdict.minutes).toFixed(1)}">`,
    ...lines,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testsOf(verdict: Verdict): TestCase[] {
  const cases = verdict.cases.map((judged): TestCase => {
    const { outcome, reason, repeat, id } = judged;
    if (outcome === "same" || outcome === "faster") return { group: "cases", name: id };
    const { ratio, interval, p } = caseWords(judged);
    const figures = ratio === "" ? "" : ` ratio ${ratio} (${interval}), p ${p || "-"};`;
    const message = `${outcome}:${reason ? ` ${reason};` : ""}${figures} again: ${repeat}`;
    return { group: "cases", name: id, problem: { kind: KINDS[outcome], message } };
  });
  const checks = verdict.checks.map(({ name, what, status, detail }): TestCase => {
    const kind = status === "fail" ? "failure" : status === "pass" ? undefined : "skipped";
    const base = { group: `checks.${name}`, name: what };
    return kind ? { ...base, problem: { kind, message: `${status}: ${detail}` } } : base;
  });
  const skipped = verdict.notCompared.map(
    ({ id, reason }): TestCase => ({
      group: "cases",
      name: id,
      problem: { kind: "skipped", message: reason },
    }),
  );
  const doubt = verdict.status === "invalid" || verdict.status === "inconclusive";
  const whole: TestCase = doubt
    ? { group: "run", name: "verdict", problem: { kind: "error", message: verdict.reasons.join("; ") } }
    : { group: "run", name: "verdict" };
  const canary: TestCase = verdict.canary?.toldApart
    ? { group: "run", name: "canary", problem: { kind: "error", message: canaryWords(verdict) } }
    : { group: "run", name: "canary" };
  return [...cases, ...skipped, ...checks, canary, whole];
}

/** XML 1.0 has no control characters, not even escaped. */
function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
  return escapeHtml(text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, ""));
}
