/**
 * The FFT form on WebGPU. Signals are real, so the product is taken modulo x^n - i with n >= length: multiplied by powers of a 4n-th
 * root, one complex transform of n values is enough, and what wraps around lands in the imaginary part (negacyclic.ts).
 */
import { implementation } from "../implementation.js";
import { convolution } from "./operator.js";

const transposeUrl = new URL("./webgpu/fft.transpose.wgsl", import.meta.url);
const columnsUrl = new URL("./webgpu/fft.columns.wgsl", import.meta.url);
const rowsUrl = new URL("./webgpu/fft.rows.wgsl", import.meta.url);

/** Longest transform that fits workgroup memory beside its kernel's: 2 x 8 KiB. */
const ROW = 1024;
const MOST = ROW * 1024;
/** Scratch for the channels that are transformed together. */
const SCRATCH_BYTES = 256 * 2 ** 20;

export const fftWebgpu = implementation(convolution, "webgpu", {
  form: "fft",
  source:
    "Cooley and Tukey (1965); decimation in frequency there, in time back, so that nothing is reordered; modulo x^n - i",
  dtypes: ["f32", "f16"],
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
    const { batch, length, heads, headDim } = problem.dims;
    const channels = heads * headDim;
    const { maxComputeWorkgroupStorageSize: workgroupBytes, maxComputeInvocationsPerWorkgroup: invocations } =
      engine.limits;
    const n = transformLength(length);
    const stage = engine.stage(convolution, problem, { uncut: ["K"] });
    const row = workgroupBytes >= 16 * ROW ? ROW : ROW / 2;
    const N2 = Math.min(n, row);
    const N1 = n / N2;
    const COLS = Math.max(1, Math.min(8, Math.floor(workgroupBytes / (8 * N1)), N2));
    const [HIGH, LOW, table] = rootTable(n);
    const roots = stage.upload(table);
    const threads = (work: number) => Math.max(1, Math.min(256, invocations, work));
    const constants = { N1, N2, COLS, HIGH, LOW };
    const rowConstants = { ...constants, THREADS: threads(N2 / 4) };
    const columnConstants = { ...constants, THREADS: threads((N1 * COLS) / 2) };
    const aliases = { LANE: problem.dtype };

    const perChannel = Math.max(4 * length, N1 > 1 ? 8 * n : 0);
    const together = Math.max(
      1,
      Math.min(channels, 65535, Math.floor(Math.min(engine.gpu.maxBindingBytes, SCRATCH_BYTES) / perChannel)),
    );
    const lanes = stage.scratch("signals by channel", together * length * 4);
    const spectra = N1 > 1 ? stage.scratch("spectra", together * n * 8) : undefined;
    const kernelSpectra = N1 > 1 ? stage.scratch("kernel spectra", together * n * 8) : undefined;

    for (let channel0 = 0; channel0 < channels; channel0 += together) {
      const count = Math.min(together, channels - channel0);
      const K = await stage.part("K", channel0 * length, count * length);
      const size = stage.uniform([length, n, 0]);
      const columnGrid: [number, number, number] = [N2 / COLS, count, 1];
      const f32 = { dtype: "f32" as const };
      if (N1 > 1)
        // 1. the kernel's spectrum, as far as rows
        await stage.kernel(
          { url: columnsUrl, constants: columnConstants, aliases },
          { 0: size, 1: roots, 2: K, 3: kernelSpectra },
          columnGrid,
        );
      for (let b = 0; b < batch; b++) {
        const windows = stage.windows.filter(
          (window) => b >= window.batch0 && b < window.batch0 + window.batches,
        );
        const turn = async (back: boolean) => {
          for (const window of windows) {
            const { tokens, token0, batch0 } = window;
            const turnSize = stage.uniform([
              tokens,
              channels,
              channel0,
              count,
              length,
              token0,
              (b - batch0) * tokens,
            ]);
            const tensor = back ? stage.output("Y", window) : await stage.input("u", window);
            const grid: [number, number, number] = [Math.ceil(tokens / 32), Math.ceil(count / 32), 1];
            await stage.kernel(
              { url: transposeUrl, flags: back ? ["back"] : [] },
              back ? { 0: turnSize, 1: lanes, 2: tensor } : { 0: turnSize, 1: tensor, 2: lanes },
              grid,
            );
          }
        };
        await turn(false);
        if (N1 === 1) {
          // 2. to 4. in workgroup memory
          await stage.kernel(
            { url: rowsUrl, flags: ["whole"], constants: rowConstants },
            { 0: size, 1: roots, 2: lanes, 3: K },
            [1, count, 1],
          );
        } else {
          // 2. the signal's, 3. their product, 4. and back
          await stage.kernel(
            { url: columnsUrl, ...f32, constants: columnConstants, aliases: { LANE: "f32" } },
            { 0: size, 1: roots, 2: lanes, 3: spectra },
            columnGrid,
          );
          await stage.kernel(
            { url: rowsUrl, ...f32, constants: rowConstants },
            { 0: size, 1: roots, 2: spectra, 3: kernelSpectra },
            [N1, count, 1],
          );
          await stage.kernel(
            { url: columnsUrl, ...f32, flags: ["back"], constants: columnConstants },
            { 0: size, 1: roots, 2: spectra, 3: lanes },
            columnGrid,
          );
        }
        await turn(true);
      }
    }
    return stage.prepared();
  },

  cost: (problem) => {
    const { batch, length, heads, headDim } = problem.dims;
    const { flops, bytes } = convolution.cost(problem);
    const n = transformLength(length);
    const channels = heads * headDim;
    const long = n > ROW;
    // signals by channel written and read twice; spectra written, updated in place, read; the kernel's written once, read per batch
    const scratch = batch * channels * (16 * length + (long ? 40 * n : 0)) + channels * (long ? 8 * n : 0);
    const together = Math.max(
      1,
      Math.min(channels, Math.floor(SCRATCH_BYTES / Math.max(4 * length, long ? 8 * n : 0))),
    );
    return {
      flops,
      bytes: bytes + scratch,
      dispatches: Math.ceil(channels / together) * ((long ? 1 : 0) + batch * (long ? 5 : 3)),
    };
  },
});

/** A power of two, at least 4 so that every stage exists. */
function transformLength(length: number): number {
  return Math.max(4, 2 ** Math.ceil(Math.log2(length)));
}

/** exp(-2 pi i k / (4 n)) as a product of two factors, k = high * LOW + low: two small tables in place of one of 4 n entries. */
function rootTable(n: number): [number, number, Float32Array<ArrayBuffer>] {
  const LOW = 2 ** Math.ceil(Math.log2(4 * n) / 2);
  const HIGH = (4 * n) / LOW;
  const table = new Float32Array(2 * (HIGH + LOW));
  const put = (at: number, k: number) => {
    const angle = (-2 * Math.PI * k) / (4 * n);
    table[2 * at] = Math.cos(angle);
    table[2 * at + 1] = Math.sin(angle);
  };
  for (let i = 0; i < HIGH; i++) put(i, i * LOW);
  for (let i = 0; i < LOW; i++) put(HIGH + i, i);
  return [HIGH, LOW, table];
}
