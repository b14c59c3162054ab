import { describe, expect, it } from "vitest";
import { givenDocuments, packedDocuments } from "../../../impls/documents.js";
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

  it("say how tokens are packed: in words, or by a hash of the ids", () => {
    const packed = (lengths: number[]) => {
      const inputs = { ...problem.inputs, documents: givenDocuments([lengths]) };
      return caseKeys({ ...problem, inputs }, {}, "swiftshader");
    };
    const [one, same, other] = [packed([1, 4095]), packed([1, 4095]), packed([2, 4094])];
    expect(one.documents).toMatch(/^given-[0-9a-f]{1,8}$/);
    expect(same).toEqual(one);
    expect(other.documents).not.toBe(one.documents);
    expect(Object.keys(one).slice(-2)).toEqual(["documents", "device"]);
    const labelled = { ...problem.inputs, documents: packedDocuments("even", 1, 4096, 8) };
    expect(caseKeys({ ...problem, inputs: labelled }, {}, undefined).documents).toBe("even-8");
  });
});
