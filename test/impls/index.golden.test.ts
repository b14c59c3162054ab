/** The references of ssd and selective_scan against the official float64 results (test/golden/README.md). */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mapGolden, parseGolden } from "../../suites/vectors/index.js";
import { peakError, referenceOutputs } from "./truth.js";

const folder = new URL("../golden/", import.meta.url);
const cases = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((file) => /^\d+_(ssd|selective_scan)_.*\.safetensors$/.test(file))
  .flatMap((file) => {
    const mapping = mapGolden(parseGolden(readFileSync(new URL(file, folder)), file));
    return "skip" in mapping ? [] : [{ file, problems: mapping.problems }];
  });

describe.skipIf(cases.length === 0)("references against the official float64 results", () => {
  it.each(cases)("$file", ({ problems }) => {
    for (const { operator, problem, expected } of problems) {
      const outputs = referenceOutputs(operator, problem);
      for (const { output, values } of expected)
        expect(peakError(outputs[output], values)).toBeLessThan(1e-10);
    }
  });
});
