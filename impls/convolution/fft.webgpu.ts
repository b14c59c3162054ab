/**
 * The FFT form on WebGPU. Signals are real, so the product is taken modulo x^n - i with n >= length: multiplied by powers of a 4n-th
 * root, one complex transform of n values is enough, and what wraps around lands in the imaginary part (negacyclic.ts).
 */
import { implementation } from "../implementation.js";
import { convolution } from "./operator.js";
import { LARGE, MOST, planTransform } from "./webgpu/plan.js";
import { addColumns, addLongProduct, addShortProduct, addTransposes, beginWork } from "./webgpu/steps.js";

export const fftWebgpu = implementation(convolution, "webgpu", {
  form: "fft",
  source:
    "Cooley and Tukey (1965); decimation in frequency there, in time back, so that nothing is reordered; modulo x^n - i",
  dtypes: ["f32", "f16"],
  // a transform mixes all tokens of a lane
  nonFinite: { tokens: "row" },
  // u, K and the sums are f32 inside; only Y is rounded to storage. Twiddles are products of two table entries
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -23,
    storage: dtype === "f16" ? 2 ** -11 : 0,
    roundings: dtype === "f16" ? 1 : 0,
    longestSum: 0,
    decay: "segsum",
  }),
  unsupported: ({ dims: { length } }) =>
    length > MOST ? `needs length up to ${MOST}, got ${length}` : undefined,

  async prepare(engine, problem) {
    const { limits, gpu } = engine;
    const plan = planTransform(problem, {
      workgroupBytes: limits.maxComputeWorkgroupStorageSize,
      invocations: limits.maxComputeInvocationsPerWorkgroup,
      bindingBytes: gpu.maxBindingBytes,
    });
    const { length, batch } = problem.dims;
    const { channels, together } = plan;
    const work = beginWork(engine, problem, plan);
    for (let channel0 = 0; channel0 < channels; channel0 += together) {
      const part = { channel0, count: Math.min(together, channels - channel0) };
      const K = await work.stage.part("K", channel0 * length, part.count * length);
      // 1. the kernel's spectrum, as far as rows
      if (plan.N1 > 1) await addColumns(work, part, K, problem.dtype, work.kernelSpectra);
      for (let b = 0; b < batch; b++) {
        await addTransposes(work, part, b, "forth");
        if (plan.N1 > 1) await addLongProduct(work, part);
        else await addShortProduct(work, part, K);
        await addTransposes(work, part, b, "back");
      }
    }
    return work.stage.prepared();
  },

  cost: (problem) => {
    const { batch, length } = problem.dims;
    const { flops, bytes } = convolution.cost(problem);
    const { n, N1, channels, together } = planTransform(problem, LARGE);
    const long = N1 > 1;
    // signals by channel written and read twice; spectra written, updated in place, read; the kernel's written once, read per batch
    const scratch = batch * channels * (16 * length + (long ? 40 * n : 0)) + channels * (long ? 8 * n : 0);
    return {
      flops,
      bytes: bytes + scratch,
      dispatches: Math.ceil(channels / together) * ((long ? 1 : 0) + batch * (long ? 5 : 3)),
    };
  },
});
