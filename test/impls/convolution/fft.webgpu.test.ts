/** The FFT form's plan: what it costs is what it dispatches. Dawn's null backend counts, nothing is computed. */
import { afterAll, expect, it } from "vitest";
import { fftWebgpu } from "../../../impls/convolution/fft.webgpu.js";
import { convolution } from "../../../impls/convolution/operator.js";
import { open } from "../../../impls/engines/webgpu.js";
import { randomProblem } from "../../../impls/operator.js";

const engine = await open("null");
afterAll(() => engine.close());

it.each([
  { batch: 2, length: 65, heads: 3, headDim: 5, dispatches: 6 },
  { batch: 2, length: 1100, heads: 1, headDim: 2, dispatches: 11 },
  // a grid takes 65,535 channels at a time
  { batch: 1, length: 2, heads: 32768, headDim: 2, dispatches: 6 },
])("$dispatches dispatches at batch=$batch length=$length heads=$heads headDim=$headDim", async (shape) => {
  const { dispatches, ...dims } = shape;
  const problem = randomProblem(convolution, { dims, seed: 1 });
  expect(fftWebgpu.cost?.(problem, {}).dispatches).toBe(dispatches);
  const prepared = await fftWebgpu.prepare(engine, problem, {});
  let count = 0;
  await prepared.run({ dispatch: () => count++ });
  expect(count).toBe(dispatches);
  await prepared.dispose();
});
