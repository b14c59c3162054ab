/** Every implementation on the cpu engine x the awkward problems. One that is added to an index.ts is covered without another line. */
import { describe, expect, it } from "vitest";
import { implementationName, Unsupported } from "../impls/implementation.js";
import { formsAgree } from "../suites/laws/forms-agree.js";
import { awkwardProblems } from "../suites/problems/awkward.js";
import { describeSpec } from "../suites/problems/spec.js";
import { subjectsFor } from "../suites/verify/subject.js";
import { cpuTargets } from "./suites/targets.js";

describe.each(cpuTargets.map((target) => ({ name: implementationName(target.impl), target })))(
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
