/** The dispatches of the FFT form, for some channels at a time. */

import type { Stage } from "../../engines/webgpu/problem/stage.js";
import type { WebGpuEngine } from "../../engines/webgpu.js";
import type { Problem } from "../../operator.js";
import { type Convolution, convolution } from "../operator.js";
import type { Plan } from "./plan.js";

const sharedUrl = new URL("./fft.wgsl", import.meta.url);
const transposeUrl = new URL("./fft.transpose.wgsl", import.meta.url);
const columnsUrl = new URL("./fft.columns.wgsl", import.meta.url);
const rowsUrl = new URL("./fft.rows.wgsl", import.meta.url);

type Work = ReturnType<typeof beginWork>;

/** Channels that are transformed together. */
interface Part {
  readonly channel0: number;
  readonly count: number;
}

/** The buffers that all parts use, and what all kernels are told. */
export function beginWork(engine: WebGpuEngine, problem: Problem<Convolution>, plan: Plan) {
  const { length } = problem.dims;
  const { n, N1, N2, COLS, together, rowThreads, columnThreads } = plan;
  const stage: Stage<Convolution> = engine.stage(convolution, problem, { uncut: ["K"] });
  const [HIGH, LOW, table] = rootTable(n);
  const roots = stage.upload(table);
  const lanes = stage.scratch("signals by channel", together * length * 4);
  const spectra = N1 > 1 ? stage.scratch("spectra", together * n * 8) : undefined;
  const kernelSpectra = N1 > 1 ? stage.scratch("kernel spectra", together * n * 8) : undefined;
  const constants = { N1, N2, COLS, HIGH, LOW };
  return {
    ...{ stage, plan, length, lanes, spectra, kernelSpectra },
    inputs: { size: { length, n, first: 0 }, roots },
    rows: { url: rowsUrl, shared: [sharedUrl], constants: { ...constants, THREADS: rowThreads } },
    columns: { url: columnsUrl, shared: [sharedUrl], constants: { ...constants, THREADS: columnThreads } },
  };
}

/** u of a batch to signals by channel, or those back to Y. */
export async function addTransposes(
  { stage, plan: { channels }, length, lanes }: Work,
  { channel0, count }: Part,
  b: number,
  way: "forth" | "back",
): Promise<void> {
  for (const window of stage.windows) {
    const { tokens, token0, batch0, batches } = window;
    if (b < batch0 || b >= batch0 + batches) continue;
    const size = { tokens, channels, channel0, count, length, token0, row0: (b - batch0) * tokens };
    const tensor = way === "back" ? { Y: stage.output("Y", window) } : { u: await stage.input("u", window) };
    await stage.kernel(
      { url: transposeUrl, flags: way === "back" ? ["back"] : [] },
      { size, lanes, ...tensor },
      [Math.ceil(tokens / 32), Math.ceil(count / 32), 1],
    );
  }
}

/** The stages along columns, from real values of type `dtype` to a spectrum. */
export async function addColumns(
  { stage, plan: { N2, COLS }, columns, inputs }: Work,
  { count }: Part,
  values: GPUBuffer,
  dtype: Problem["dtype"],
  spectra: GPUBuffer | undefined,
): Promise<void> {
  const source = { ...columns, aliases: { LANE: dtype } };
  await stage.kernel(source, { ...inputs, lanes: values, spectra }, [N2 / COLS, count, 1]);
}

/** 2. to 4. in workgroup memory. */
export async function addShortProduct({ stage, rows, inputs, lanes }: Work, { count }: Part, K: GPUBuffer) {
  await stage.kernel({ ...rows, flags: ["whole"] }, { ...inputs, lanes, K }, [1, count, 1]);
}

/** 2. the signal's spectrum, 3. the product of both, 4. and back. */
export async function addLongProduct(work: Work, part: Part): Promise<void> {
  const { stage, plan, rows, columns, inputs, lanes, spectra, kernelSpectra } = work;
  const { N1, N2, COLS } = plan;
  await addColumns(work, part, lanes, "f32", spectra);
  await stage.kernel({ ...rows, dtype: "f32" }, { ...inputs, spectra, kernelSpectra }, [N1, part.count, 1]);
  await stage.kernel({ ...columns, dtype: "f32", flags: ["back"] }, { ...inputs, spectra, lanes }, [
    N2 / COLS,
    part.count,
    1,
  ]);
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
