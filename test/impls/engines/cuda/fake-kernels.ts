/** The engine's own kernels in TypeScript, reading the parameter structs that impls/engines/cuda/problem and clock declare. */

import type { Handle } from "../../../../impls/engines/cuda/host/driver.js";
import { bfloatBits, bfloatValue } from "../../../../impls/engines/cuda/problem/storage.js";
import { DISTRIBUTIONS } from "../../../../impls/engines/random-on-device.js";
import { halfBits, halfValue } from "../../../../impls/engines/webgpu/problem/half.js";
import {
  channelRate,
  coherent,
  decayRate,
  halved,
  hashAt,
  logIndex,
  mix,
  type StreamKeys,
  signed,
  stepBias,
  timeStep,
  weightColumn,
  weightScale,
} from "../../../../impls/random.js";
import type { Distribution } from "../../../../impls/tensor.js";
import type { Launched } from "./fake.js";

const MOST_VALUES = 100_000;

export class FakeKernels {
  /** What stands for kernels of operators: it may write outputs. */
  readonly others = new Map<string, (parameters: DataView) => void>();

  constructor(readonly memory: ReadonlyMap<Handle, Uint8Array>) {}

  /** From an address to the end of the allocation it lies in. */
  bytesAt(address: Handle): Uint8Array {
    for (const [base, bytes] of this.memory)
      if (address >= base && address < base + BigInt(bytes.length))
        return bytes.subarray(Number(address - base));
    throw new Error(`no memory at ${address.toString(16)}`);
  }

  run({ name, parameters: [bytes], config }: Launched): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const at = (offset: number) => this.bytesAt(view.getBigUint64(offset, true));
    if (name === "fill") words(at(0)).fill(view.getUint32(16, true), 0, long(view, 8));
    else if (name === "random_values") this.#random(at(0), view);
    else if (name === "survey") this.#survey(at(0), at(8), view);
    else if (name === "gather") this.#gather(at(0), at(8), at(16), view, config.gridY);
  }

  #random(to: Uint8Array, view: DataView): void {
    const [total, cols, row0] = [8, 16, 24].map((offset) => long(view, offset));
    const [k0, k1, last, distributed, bits, kind] = [32, 36, 40, 44, 48, 52].map((o) =>
      view.getUint32(o, true),
    );
    // tests of how large problems are cut look at no value of theirs
    if (total > MOST_VALUES) return;
    const distribution = DISTRIBUTIONS[distributed];
    const values = Float64Array.from({ length: total }, (_, i) =>
      valueAt({ k0, k1 }, row0 + Math.floor(i / cols), i % cols, last, distribution, bits),
    );
    if (kind) halves(to).set(Uint16Array.from(values, kind === 1 ? halfBits : bfloatBits));
    else floats(to).set(values);
  }

  #survey(from: Uint8Array, found: Uint8Array, view: DataView): void {
    const [total, kind] = [long(view, 16), view.getUint32(24, true)];
    const counts = new BigUint64Array(found.buffer, found.byteOffset, 3);
    for (let i = 0; i < total; i++) {
      const value = element(from, i, kind);
      if (!Number.isFinite(value)) {
        counts[0]++;
        if (BigInt(i) < counts[1]) counts[1] = BigInt(i);
      }
      counts[2] = BigInt.asUintN(32, counts[2] + BigInt(mix(bitsAt(from, i, kind) ^ mix(i))));
    }
  }

  #gather(jobs: Uint8Array, from: Uint8Array, out: Uint8Array, view: DataView, lanes: number): void {
    const keys = { k0: view.getUint32(24, true), k1: view.getUint32(28, true) };
    const kind = view.getUint32(32, true);
    const table = new BigInt64Array(jobs.buffer, jobs.byteOffset, lanes * 7);
    const values = new Float64Array(out.buffer, out.byteOffset, Math.floor(out.byteLength / 8));
    for (let lane = 0; lane < lanes; lane++) {
      const [offset, stride, count, terms, termStride, projected, first] = [
        ...table.subarray(7 * lane, 7 * lane + 7),
      ].map(Number);
      for (let i = 0; i < count; i++) {
        let sum = 0;
        for (let term = 0; term < terms; term++) {
          const sign = projected && hashAt(keys, 0, term) & 1 ? -1 : 1;
          sum += sign * element(from, offset + i * stride + term * termStride, kind);
        }
        values[first + i] = sum;
      }
    }
  }
}

function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 4));
}
function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 4));
}
function halves(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 2));
}
function long(view: DataView, offset: number): number {
  return Number(view.getBigInt64(offset, true));
}
/** As elements.cu numbers storage types. */
function element(bytes: Uint8Array, index: number, kind: number): number {
  if (kind === 0) return floats(bytes)[index];
  return (kind === 1 ? halfValue : bfloatValue)(halves(bytes)[index]);
}
function bitsAt(bytes: Uint8Array, index: number, kind: number): number {
  return kind ? halves(bytes)[index] : words(bytes)[index];
}

function valueAt(
  keys: StreamKeys,
  row: number,
  col: number,
  last: number,
  distribution: Distribution,
  bits: number,
): number {
  const h = hashAt(keys, row, distribution === "weight" ? weightColumn(col, last) : col);
  const channel = Math.floor(col / last);
  switch (distribution) {
    case "coherent":
      return coherent(h, bits);
    case "signed":
      return signed(h, bits);
    case "signed8":
      return 8 * signed(h, bits);
    case "timeStep":
      return timeStep(h);
    case "logDecay":
      return -timeStep(h) * decayRate(col);
    case "channelDecay":
      return -((col % last) + 1) * channelRate(channel);
    case "longKernel":
      return coherent(h, bits) * halved((col % last) >>> (6 + (channel & 7)));
    case "weight":
      return weightScale(last) * signed(h, bits);
    case "stepBias":
      return stepBias(h);
    case "logIndex":
      return logIndex(col % last);
  }
}
