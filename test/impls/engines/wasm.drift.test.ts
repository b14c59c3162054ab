/** Thousands of weak decays in WebAssembly: what passes from chunk to chunk is no product of rounded exponentials. */
import { afterAll, describe, expect, it } from "vitest";
import { open } from "../../../impls/engines/wasm.js";
import type { AnyImplementation } from "../../../impls/implementation.js";
import { chunkedWasm } from "../../../impls/ssd/chunked.wasm.js";
import { recurrentWasm } from "../../../impls/ssd/recurrent.wasm.js";
import { compare } from "../../../suites/verify/compare.js";
import { evaluate } from "../../../suites/verify/evaluate.js";
import { problem, truth } from "./drift.js";

const engine = await open();
afterAll(() => engine.close());

describe("65,536 weak decays", () => {
  it.each([
    { impl: chunkedWasm as AnyImplementation, options: { chunk: 6 } },
    { impl: chunkedWasm as AnyImplementation, options: { chunk: 64 } },
    { impl: chunkedWasm as AnyImplementation, options: { chunk: 8, make: "segments", threads: 2 } },
    { impl: recurrentWasm as AnyImplementation, options: {} },
  ])("stay well within the probable bound: ssd $impl.form $options", async ({ impl, options }) => {
    const { values, rounding } = await evaluate(impl, engine as never, problem, options);
    const { probableRatio } = compare(truth, rounding, values);
    expect(probableRatio).toBeGreaterThan(0);
    // the product of rounded decays had 0.64 to 0.95
    expect(probableRatio).toBeLessThan(0.4);
  });
});
