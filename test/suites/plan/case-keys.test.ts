import { describe, expect, it } from "vitest";
import { randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { caseId } from "../../../reports/rows/case-id.js";
import { caseKeys } from "../../../suites/plan/case-keys.js";

const dims = { batch: 1, length: 4096, heads: 8, groups: 1, headDim: 64, state: 64 };
const problem = randomProblem(ssd, { dims });

describe("keys of a case", () => {
  it("are those that apply, in the order of the contract", () => {
    const id = caseId("ssd/chunked.wasm", caseKeys(problem, { threads: 2, chunk: 8 }, undefined));
    expect(id).toBe(
      "ssd/chunked.wasm dtype=f32 batch=1 length=4096 heads=8 groups=1 headDim=64 state=64 chunk=8 threads=2",
    );
  });

  it("have make before the device, and leave out what follows from another dimension", () => {
    const wide = { ...problem, dims: { ...problem.dims, context: 4096, headDimV: 64 } };
    const keys = caseKeys(wide, { make: "tile" }, "swiftshader");
    expect(Object.keys(keys).slice(-2)).toEqual(["make", "device"]);
    expect(keys).not.toHaveProperty("context");
    expect(keys).not.toHaveProperty("headDimV");
    const cross = { ...problem, dims: { ...problem.dims, context: 100, headDimV: 32 } };
    expect(caseKeys(cross, {}, undefined)).toMatchObject({ context: 100, headDimV: 32 });
  });
});
