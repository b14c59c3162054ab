/** Outputs on the device: poisoned, read back, or inspected there so that long sequences need no large readback. */

import { laneView } from "../../../lanes.js";
import { type AnyOperator, type Lane, type Outputs, outputSize, type Problem } from "../../../operator.js";
import type { Inspection } from "../../../prepared.js";
import { streamKeys } from "../../../random.js";
import type { Dtype, GpuDevice, Kernel } from "../device/device.js";
import { makeKernel, storage, strided, submit, uniforms } from "../device/kernel.js";
import { halfValue } from "./half.js";

/** One buffer of one tensor: rows of it, and where they lie in the whole. */
export interface Piece {
  readonly name: string;
  readonly buffer: GPUBuffer;
  readonly dtype: Dtype;
  /** Flat index of the first element in the whole tensor. */
  readonly base: number;
  readonly count: number;
}

const fillUrl = new URL("./fill.wgsl", import.meta.url);
const surveyUrl = new URL("./survey.wgsl", import.meta.url);
const gatherUrl = new URL("./gather.wgsl", import.meta.url);
const projectionKeys = streamKeys(0, "projection");

/** The kernel that fills a piece with NaN. */
export function poisonKernel(
  gpu: GpuDevice,
  { buffer, dtype, count }: Piece,
  uniform: (values: readonly number[]) => GPUBuffer,
): Promise<Kernel> {
  const words = Math.ceil((count * (dtype === "f16" ? 2 : 4)) / 4);
  const size = uniform([words, dtype === "f16" ? 0x7e007e00 : 0x7fc00000]);
  return makeKernel(gpu, { url: fillUrl, dtype: "f32" }, { 0: size, 1: buffer }, strided(words));
}

export class OutputReader<Op extends AnyOperator> {
  constructor(
    private readonly gpu: GpuDevice,
    private readonly operator: Op,
    private readonly problem: Problem<Op>,
    private readonly pieces: readonly Piece[],
  ) {}

  /** Every value of every output. */
  async read(): Promise<Outputs<Op>> {
    const whole: Record<string, Float32Array> = {};
    for (const name of Object.keys(this.operator.outputs))
      whole[name] = new Float32Array(outputSize(this.operator, this.problem as Problem, name));
    for (const { name, buffer, dtype, count, base } of this.pieces) {
      const bytes = await this.gpu.download(buffer);
      const values =
        dtype === "f32"
          ? new Float32Array(bytes, 0, count)
          : Float32Array.from(new Uint16Array(bytes, 0, count), halfValue);
      whole[name]!.set(values, base);
    }
    return whole as Outputs<Op>;
  }

  /** Values of some lanes; of all others whether they are finite, and a hash of their bits. */
  async inspect(lanes: readonly Lane[]): Promise<Inspection> {
    const values = lanes.map(() => ({}) as Record<string, Float64Array>);
    let nonFinite: Inspection["nonFinite"];
    const hashes: string[] = [];
    for (const piece of this.pieces) {
      const { name, base } = piece;
      const [bad = 0, first = 0, hash = 0] = await this.#survey(piece);
      hashes.push(hash.toString(16).padStart(8, "0"));
      if (bad && nonFinite?.output === name) nonFinite = { ...nonFinite, total: nonFinite.total + bad };
      else if (bad && !nonFinite)
        nonFinite = { output: name, index: base + first, value: Number.NaN, total: bad };
      await this.#gather(piece, lanes, values);
    }
    return { lanes: values, nonFinite, fingerprint: hashes.join("") };
  }

  /** How many elements are not finite, the first of them, a hash of all. */
  async #survey({ buffer, dtype, count }: Piece): Promise<Uint32Array> {
    const { gpu } = this;
    const found = gpu.buffer(16, storage(), new Uint32Array([0, 0xffffffff, 0, 0]));
    const size = gpu.buffer(16, uniforms(), new Uint32Array([count, 0, 0, 0]));
    try {
      const source = { url: surveyUrl, dtype: "f32", flags: dtype === "f16" ? ["f16"] : [] } as const;
      submit(gpu, [await makeKernel(gpu, source, { 0: size, 1: buffer, 2: found }, strided(count))]);
      return new Uint32Array(await gpu.download(found));
    } finally {
      gpu.free(found);
      gpu.free(size);
    }
  }

  /** Adds this piece's part of every lane to `values`. */
  async #gather(piece: Piece, lanes: readonly Lane[], values: Record<string, Float64Array>[]): Promise<void> {
    const { gpu, operator } = this;
    const { name, base } = piece;
    const jobs: number[] = [];
    const targets: { lane: number; first: number; count: number; out: number }[] = [];
    let total = 0;
    lanes.forEach((lane, l) => {
      const view = laneView(operator, this.problem as Problem, name, lane);
      values[l]![name] ??= new Float64Array(view.count);
      // the elements of this lane that lie in this piece: pieces are whole rows, a projection's terms stay inside one row
      const first = Math.max(0, Math.ceil((base - view.offset) / view.stride));
      const last = Math.min(view.count, Math.ceil((base + piece.count - view.offset) / view.stride));
      if (last <= first) return;
      targets.push({ lane: l, first, count: last - first, out: total });
      jobs.push(view.offset + first * view.stride - base, view.stride, last - first, view.terms);
      jobs.push(view.termStride, view.projected ? 1 : 0, total, projectionKeys.k0, projectionKeys.k1, 0);
      total += last - first;
    });
    if (targets.length === 0) return;
    const jobBuffer = gpu.buffer(jobs.length * 4, storage(), Uint32Array.from(jobs));
    const out = gpu.buffer(total * 8, storage());
    try {
      const longest = Math.max(...targets.map((target) => target.count));
      const grid = [Math.min(1024, Math.ceil(longest / 64)), targets.length, 1] as const;
      const source = { url: gatherUrl, dtype: piece.dtype };
      submit(gpu, [await makeKernel(gpu, source, { 0: jobBuffer, 1: piece.buffer, 2: out }, grid)]);
      const got = new Float32Array(await gpu.download(out));
      for (const { lane, first, count, out: at } of targets)
        for (let i = 0; i < count; i++)
          values[lane]![name]![first + i] = (got[2 * (at + i)] ?? 0) + (got[2 * (at + i) + 1] ?? 0);
    } finally {
      gpu.free(jobBuffer);
      gpu.free(out);
    }
  }
}
