/** Each statement of the paper on random cases, fewer than `npm run theory` takes. */
import { it } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { openForms } from "../../../suites/theory/forms.js";
import { statements } from "../../../suites/theory/index.js";

const forms = openForms();
const SETTINGS = { numRuns: 60, seed: 2405 };

describe.each(statements)("section $section", (statement) => {
  it.prop([statement.cases()], SETTINGS)(statement.says, async (example) => {
    const again = `npm run theory -- --statement ${statement.name}`;
    expect(await statement.ratio(example, await forms), again).toBeLessThanOrEqual(1);
  });
});
