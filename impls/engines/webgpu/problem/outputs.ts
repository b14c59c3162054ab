/** Outputs on the device: poisoned, read back, or inspected there so that long sequences need no large readback. */

import { type LaneView, laneView, runsOf } from "../../../lanes.js";
import {
  type AnyOperator,
  type Lane,
  type Outputs,
  outputNames,
  outputSize,
  type Problem,
} from "../../../operator.js";
import type { Inspection } from "../../../prepared.js";
import { streamKeys } from "../../../random.js";
import type { Arguments, Numbers } from "../device/arguments.js";
import type { GpuDevice, Kernel } from "../device/device.js";
import { type Grid, makeKernel, strided, submit } from "../device/kernel.js";
import { OwnedBuffers } from "../device/owned.js";
import type { Dtype, KernelSource } from "../device/source.js";
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
const mixUrl = new URL("./mix.wgsl", import.meta.url);
const surveyUrl = new URL("./survey.wgsl", import.meta.url);
const gatherUrl = new URL("./gather.wgsl", import.meta.url);
const projectionKeys = streamKeys(0, "projection");

/** The kernel that fills a piece with NaN. */
export function poisonKernel(owned: OwnedBuffers, { buffer, dtype, count }: Piece): Promise<Kernel> {
  const total = Math.ceil((count * (dtype === "f16" ? 2 : 4)) / 4);
  const word = dtype === "f16" ? 0x7e007e00 : 0x7fc00000;
  return makeKernel(
    owned,
    { url: fillUrl, dtype: "f32" },
    { size: { total, word }, T: buffer },
    strided(total),
  );
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
    for (const name of outputNames(this.operator, this.problem as Problem))
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
  async #survey({ buffer: T, dtype, count: total }: Piece): Promise<Uint32Array> {
    const flags = dtype === "f16" ? ["f16"] : [];
    const source = { url: surveyUrl, shared: [mixUrl], dtype: "f32", flags } as const;
    const answer = await this.#ask(source, "found", 16, strided(total), (found) => {
      this.gpu.device.queue.writeBuffer(found, 0, new Uint32Array([0, 0xffffffff, 0, 0]));
      return { size: { total }, T };
    });
    return new Uint32Array(answer);
  }

  /** Adds this piece's part of every lane to `values`. */
  async #gather(piece: Piece, lanes: readonly Lane[], values: Record<string, Float64Array>[]): Promise<void> {
    const { name } = piece;
    const jobs: Job[] = [];
    const targets: { readonly values: Float64Array; readonly first: number }[] = [];
    let total = 0;
    lanes.forEach((lane, l) => {
      const view = laneView(this.operator, this.problem as Problem, name, lane);
      values[l]![name] ??= new Float64Array(view.count);
      for (const [r, run] of runsOf(view).entries()) {
        const [first, last] = partOf(run, piece);
        if (last <= first) continue;
        jobs.push(jobOf(run, piece, first, last - first, total));
        targets.push({ values: values[l]![name]!, first: r * view.run + first });
        total += last - first;
      }
    });
    if (jobs.length === 0) return;
    const longest = Math.max(...jobs.map(({ count }) => count));
    const grid = [Math.min(1024, Math.ceil(longest / 64)), jobs.length, 1] as const;
    const source = { url: gatherUrl, shared: [mixUrl], dtype: piece.dtype };
    const got = new Float32Array(
      await this.#ask(source, "lanes", total * 8, grid, () => ({ jobs, T: piece.buffer })),
    );
    jobs.forEach(({ out, count }, j) => {
      const { values: own, first } = targets[j]!;
      for (let i = 0; i < count; i++) own[first + i] = got[2 * (out + i)]! + got[2 * (out + i) + 1]!;
    });
  }

  /** What a kernel writes to its binding `answer`. */
  async #ask(
    source: KernelSource,
    answer: string,
    bytes: number,
    grid: Grid,
    others: (answer: GPUBuffer) => Arguments,
  ): Promise<ArrayBuffer> {
    const owned = new OwnedBuffers(this.gpu);
    try {
      const buffer = owned.buffer(bytes);
      submit(this.gpu, [await makeKernel(owned, source, { ...others(buffer), [answer]: buffer }, grid)]);
      return await this.gpu.download(buffer, bytes);
    } finally {
      owned.free();
    }
  }
}

/** A struct of gather.wgsl. */
type Job = Numbers & { readonly count: number; readonly out: number };

/** Elements `[first, last)` of a lane that lie in a piece: pieces are whole rows, a projection's terms stay inside one row. */
function partOf({ offset, stride, count }: LaneView, piece: Piece): [first: number, last: number] {
  return [
    Math.max(0, Math.ceil((piece.base - offset) / stride)),
    Math.min(count, Math.ceil((piece.base + piece.count - offset) / stride)),
  ];
}

function jobOf(view: LaneView, { base }: Piece, first: number, count: number, out: number): Job {
  const { stride, terms, termStride: term_stride } = view;
  const projected = view.projected ? 1 : 0;
  const offset = view.offset + first * stride - base;
  return { offset, stride, count, terms, term_stride, projected, out, ...projectionKeys, zero: 0 };
}
