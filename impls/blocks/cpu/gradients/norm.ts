/** RMS norm with a gate before or behind it, and its gradient (impls/blocks/README.md, "Backward"). */
import { silu } from "../columns.js";
import { siluSlope } from "./elementwise.js";
import type { Pair, Step } from "./tape.js";

export interface Normed {
  /** Of all numbers of a token. */
  readonly weight: Float32Array;
  readonly dWeight: Float32Array;
  /** Numbers that are normed together. */
  readonly size: number;
  readonly eps: number;
  readonly gate?: Pair | undefined;
  readonly gateLast?: boolean;
}

/** to <- norm(from silu(gate)), or norm(from) silu(gate) */
export function normStep(norm: Normed, from: Pair, to: Pair): Step {
  const { weight, dWeight, size, eps, gate, gateLast = false } = norm;
  /** What is normed, its gradient, and that of what comes out of the norm. */
  const [normed, dNormed, dOut] = [0, 0, 0].map(() => new Float64Array(size));
  const total = new Float64Array(weight.length);
  const first = gateLast ? undefined : gate;
  const last = gateLast ? gate : undefined;

  const load = (start: number): number => {
    let sum = 0;
    for (let i = 0; i < size; i++) {
      normed[i] = from.value[start + i] * (first ? silu(first.value[start + i]) : 1);
      sum += normed[i] * normed[i];
    }
    return 1 / Math.sqrt(sum / size + eps);
  };

  return {
    forward() {
      for (let start = 0; start < from.value.length; start += size) {
        const inverse = load(start);
        const channel = start % weight.length;
        for (let i = 0; i < size; i++) {
          const y = normed[i] * inverse * weight[channel + i];
          to.value[start + i] = y * (last ? silu(last.value[start + i]) : 1);
        }
      }
    },
    backward() {
      total.fill(0);
      for (let start = 0; start < from.value.length; start += size) {
        const inverse = load(start);
        const channel = start % weight.length;
        let along = 0;
        // 1. the gate where it comes last; the weight
        for (let i = 0; i < size; i++) {
          const w = weight[channel + i];
          const unit = normed[i] * inverse;
          dOut[i] = to.grad[start + i] * (last ? silu(last.value[start + i]) : 1);
          if (last) last.grad[start + i] += to.grad[start + i] * unit * w * siluSlope(last.value[start + i]);
          total[channel + i] += dOut[i] * unit;
          along += dOut[i] * w * unit;
        }
        // 2. the root: a number moves the mean of its group
        for (let i = 0; i < size; i++)
          dNormed[i] = inverse * (dOut[i] * weight[channel + i] - (along / size) * normed[i] * inverse);
        // 3. the gate where it comes first
        for (let i = 0; i < size; i++) {
          const z = first?.value[start + i];
          from.grad[start + i] += dNormed[i] * (z === undefined ? 1 : silu(z));
          if (first) first.grad[start + i] += dNormed[i] * from.value[start + i] * siluSlope(z!);
        }
      }
      dWeight.set(total);
    },
  };
}
