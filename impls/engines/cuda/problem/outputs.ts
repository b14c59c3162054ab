/** Outputs on the device: poisoned, read back, or inspected there so that long sequences need no large readback. */
import { laneView, runsOf } from "../../../lanes.js";
import type { AnyOperator, Lane, Outputs, Problem } from "../../../operator.js";
import type { Inspection } from "../../../prepared.js";
import { streamKeys } from "../../../random.js";
import type { CudaDevice } from "../device/device.js";
import { type Kernel, launch, makeKernel, pack, strided } from "../device/kernel.js";
import type { Handle } from "../host/driver.js";
import { bytesOf, type Dtype, KINDS, NAN_WORDS, valuesIn } from "./storage.js";

/** One output, whole. */
export interface OutputBuffer {
  readonly name: string;
  readonly address: Handle;
  readonly dtype: Dtype;
  readonly count: number;
}

const hashUrl = new URL("./hash.cu", import.meta.url);
const fillUrl = new URL("./fill.cu", import.meta.url);
const surveyUrl = new URL("./survey.cu", import.meta.url);
const gatherUrl = new URL("./gather.cu", import.meta.url);
const projectionKeys = streamKeys(0, "projection");

/** The launch that fills an output with NaN. */
export function poisonKernel(device: CudaDevice, { address, dtype, count }: OutputBuffer): Kernel {
  const words = Math.ceil((count * bytesOf(dtype)) / 4);
  const fill = device.kernel({ urls: [fillUrl], entry: "fill", plain: true });
  return makeKernel(device, fill, strided(words), [pack([address, BigInt(words), NAN_WORDS[dtype]])]);
}

export class OutputReader<Op extends AnyOperator> {
  constructor(
    private readonly device: CudaDevice,
    private readonly operator: Op,
    private readonly problem: Problem<Op>,
    private readonly outputs: readonly OutputBuffer[],
  ) {}

  /** Every value of every output. */
  read(): Outputs<Op> {
    const whole = this.outputs.map(({ name, address, dtype, count }) => {
      const { buffer } = this.device.download(address, count * bytesOf(dtype), `read of ${name}`);
      return [name, valuesIn(buffer, dtype)] as const;
    });
    return Object.fromEntries(whole) as Outputs<Op>;
  }

  /** Values of some lanes; of all others whether they are finite, and a hash of their bits. */
  inspect(lanes: readonly Lane[]): Inspection {
    const values = lanes.map(() => ({}) as Record<string, Float64Array>);
    let nonFinite: Inspection["nonFinite"];
    let fingerprint = "";
    for (const output of this.outputs) {
      const [total, index, hash] = this.#survey(output);
      fingerprint += hash.toString(16).padStart(8, "0");
      if (total > 0n && !nonFinite)
        nonFinite = {
          output: output.name,
          index: Number(index),
          value: Number.NaN,
          total: Number(total),
        };
      this.#gather(output, lanes, values);
    }
    return { lanes: values, nonFinite, fingerprint };
  }

  /** How many elements are not finite, the first of them, a hash of all. */
  #survey({ address, dtype, count }: OutputBuffer): BigUint64Array {
    const { device } = this;
    const start = new BigUint64Array([0n, 0xffffffffffffffffn, 0n]);
    return this.#withBuffers([start.byteLength], ([found]) => {
      device.upload(found, new Uint8Array(start.buffer));
      const survey = device.kernel({ urls: [hashUrl, surveyUrl], entry: "survey", plain: true });
      const parameters = pack([address, found, BigInt(count), KINDS[dtype]]);
      launch(device, makeKernel(device, survey, strided(count), [parameters]));
      return new BigUint64Array(device.download(found, start.byteLength, "survey").buffer);
    });
  }

  #gather(
    { name, address, dtype, count }: OutputBuffer,
    lanes: readonly Lane[],
    values: Record<string, Float64Array>[],
  ): void {
    if (lanes.length === 0) return;
    const { device } = this;
    const views = lanes.map((lane) => laneView(this.operator, this.problem as Problem, name, lane));
    const runs = views.flatMap(runsOf);
    let total = 0;
    const jobs = runs.flatMap((view) => {
      const out = total;
      total += view.count;
      const { offset, stride, terms, termStride, projected } = view;
      return [offset, stride, view.count, terms, termStride, projected ? 1 : 0, out].map(BigInt);
    });
    const table = new Uint8Array(BigInt64Array.from(jobs).buffer);
    const found = this.#withBuffers([table.byteLength, total * 8], ([jobBuffer, out]) => {
      device.upload(jobBuffer, table);
      const gather = device.kernel({
        libraries: ["elements"],
        urls: [hashUrl, gatherUrl],
        entry: "gather",
        plain: true,
      });
      const longest = Math.max(...views.map((view) => view.run));
      const { k0, k1 } = projectionKeys;
      const grid = {
        blocks: [Math.min(1024, Math.ceil(longest / 256)), runs.length, 1],
        threads: 256,
      } as const;
      const parameters = pack([jobBuffer, address, out, k0, k1, KINDS[dtype]]);
      launch(device, makeKernel(device, gather, grid, [parameters]));
      return new Float64Array(device.download(out, total * 8, `gather of ${count} values of ${name}`).buffer);
    });
    let at = 0;
    for (const [l, view] of views.entries()) {
      values[l][name] = found.slice(at, at + view.count);
      at += view.count;
    }
  }

  #withBuffers<T>(bytes: readonly number[], work: (buffers: readonly Handle[]) => T): T {
    const buffers: Handle[] = [];
    try {
      for (const size of bytes) buffers.push(this.device.allocate("an inspection", size));
      return work(buffers);
    } finally {
      for (const buffer of buffers) this.device.free(buffer);
    }
  }
}
