/** Broken on purpose: a fault in one form fails the statements about it, all of them and no others. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check } from "../../../suites/theory/check.js";
import { type Code, FORMS, type FormName, type Forms, openForms } from "../../../suites/theory/forms.js";
import { statements } from "../../../suites/theory/index.js";
import type { AnyStatement } from "../../../suites/theory/statement.js";

const SETTINGS = { cases: 20, seed: 5 };

/** Every element of the form's outputs is off by a little of the largest, one up, one down, one not; a mask's diagonal decays. */
async function withFault(code: Code): Promise<Forms> {
  const ours = await openForms();
  return {
    async run(form, problem, options) {
      const run = await ours.run(form, problem, options);
      if (form !== code) return run;
      const off = (array: Float32Array) => {
        const step = 2 ** -8 * array.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        return array.map((value, i) => value + ((i % 3) - 1) * step);
      };
      return {
        ...run,
        values: Object.fromEntries(Object.entries(run.values).map(([name, array]) => [name, off(array)])),
      };
    },
    nextMaskRow(mask, t, a) {
      ours.nextMaskRow(mask, t, a);
      if (code === "mask") mask[t] = a;
    },
  };
}

async function broken(forms: Forms): Promise<string[]> {
  const found: string[] = [];
  for (const statement of statements)
    if ((await check(statement, forms, SETTINGS)).counterexample) found.push(statement.name);
  return found;
}

describe("a fault fails exactly the statements about its code:", () => {
  it("none where there is none", async () => {
    expect(await broken(await openForms())).toEqual([]);
  });

  it.each<Code>([...(Object.keys(FORMS) as FormName[]), "mask"])("%s", async (code) => {
    const about = statements.filter(({ of }) => of.includes(code)).map(({ name }) => name);
    expect(about.length).toBeGreaterThan(0);
    expect(await broken(await withFault(code))).toEqual(about);
  });
});

describe("a statement that does not hold", () => {
  const made = (ratio: (example: number) => number): AnyStatement => ({
    ...{ name: "made-up", section: "0", says: "nothing", of: [] },
    cases: () => fc.nat(20),
    ratio: async (example: number) => ratio(example),
  });

  it("gives the smallest case and how far it is off", async () => {
    const { counterexample } = await check(
      made((i) => (i > 5 ? 2.5 : 0)),
      await openForms(),
      SETTINGS,
    );
    expect(counterexample).toEqual({ example: 6, ratio: 2.5 });
  });

  it("gives what was thrown", async () => {
    const thrower = made((i) => {
      if (i > 5) throw new Error("no such matrix");
      return 0;
    });
    const { counterexample } = await check(thrower, await openForms(), SETTINGS);
    expect(counterexample).toEqual({
      example: 6,
      ratio: Number.POSITIVE_INFINITY,
      error: "threw no such matrix",
    });
  });
});
