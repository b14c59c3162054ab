/**
 * Every implementation on the cpu engine, and in torch where it is there, x the awkward problems. One that is added to an
 * index.ts is covered without another line.
 */
import { afterAll, describe, expect, it } from "vitest";
import { implementationName } from "../impls/implementation.js";
import { Unsupported } from "../impls/prepared.js";
import { formsAgree } from "../suites/laws/forms-agree.js";
import { awkwardProblems } from "../suites/problems/awkward.js";
import { describeSpec } from "../suites/problems/spec.js";
import { subjectsFor } from "../suites/verify/subject.js";
import { cpuTargets, torchTargets } from "./suites/targets.js";

const targets = [...cpuTargets, ...(await torchTargets())];
afterAll(async () => {
  for (const place of new Set(targets.map((target) => target.place))) await place.close();
});

describe.each(targets.map((target) => ({ name: implementationName(target.impl), target })))(
  "$name",
  ({ target }) => {
    const { operator } = target.impl;
    it.each(awkwardProblems(operator))("$title", async ({ spec }) => {
      for (const subject of await subjectsFor(target, spec)) {
        const finding = await formsAgree.holds({ spec }, subject).catch((error: unknown) => {
          if (error instanceof Unsupported) return undefined;
          throw error;
        });
        const violation = finding && !finding.ok ? finding.violation : undefined;
        expect(violation, `${subject.name}: ${describeSpec(spec)}`).toBeUndefined();
      }
    });
  },
);
