/** The references of all operators against the official float64 results (test/golden/README.md), element by element. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mapGolden, parseGolden } from "../../suites/vectors/index.js";
import { peakError, referenceOutputs } from "./truth.js";

const folder = new URL("../golden/", import.meta.url);
const cases = readdirSync(folder)
  .filter((file) => file.endsWith(".safetensors"))
  .map((file) => ({ file, mapping: mapGolden(parseGolden(readFileSync(new URL(file, folder)), file)) }));

describe("references against the official float64 results", () => {
  it.each(cases)("$file", ({ mapping }) => {
    if ("skip" in mapping) throw new Error(`nothing here runs it: ${mapping.skip}`);
    for (const { operator, problem, expected } of mapping.problems) {
      expect(expected.length).toBeGreaterThan(0);
      const outputs = referenceOutputs(operator, problem);
      for (const { output, values } of expected)
        expect(peakError(outputs[output], values), `${operator.name} ${output}`).toBeLessThan(1e-10);
    }
  });

  it("hold every operator that has official vectors", () => {
    const problems = cases.flatMap(({ mapping }) => ("problems" in mapping ? mapping.problems : []));
    const names = new Set(problems.map(({ operator }) => operator.name));
    expect([...names].sort()).toEqual([
      "attention",
      "attention_grad",
      "causal_conv1d",
      "mamba1_block",
      "mamba2_block",
      "masked_attention",
      "rms_norm_gated",
      "selective_scan",
      "selective_scan_grad",
      "ssd",
      "ssd_decode",
      "ssd_grad",
    ]);
  });
});
