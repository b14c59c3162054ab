/**
 * Float64 truth of the convolution: the sum itself for short lengths, a float64 FFT beyond (README.md, "The bound"). The scale is
 * ||u||_2 ||K||_2 of the lane, because an FFT errs normwise: its error at a token knows nothing of that token's size.
 */
import { type Bounds, emptyBounds } from "../bound.js";
import { laneCoordinates } from "../lanes.js";
import type { Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { convolveByFft } from "./fft64.js";
import { convolution } from "./operator.js";

/** From here on the transform is faster than the sum. */
const DIRECT_UP_TO = 512;

export function* reference(problem: Problem, lanes: readonly Lane[]): Generator<LaneReference<"Y">> {
  const { length, headDim } = problem.dims;
  const [u, K] = ["u", "K"].map((name) => inputReader(convolution, problem, name)!);
  for (const lane of lanes) {
    const { batch, heads, headDim: p } = laneCoordinates(convolution, problem, lane);
    const channel = heads * headDim + p;
    const signal = new Float64Array(length);
    const kernel = new Float64Array(length);
    for (let t = 0; t < length; t++) {
      signal[t] = u.at(batch * length + t, channel);
      kernel[t] = K.at(0, channel * length + t);
    }
    yield { lane, outputs: { Y: bounds(signal, kernel) } };
  }
}

function bounds(signal: Float64Array, kernel: Float64Array): Bounds {
  const length = signal.length;
  const Y = emptyBounds(length);
  Y.value.set(length <= DIRECT_UP_TO ? convolveDirectly(signal, kernel) : convolveByFft(signal, kernel));
  const [x, k] = [norm(signal), norm(kernel)];
  Y.scale.fill(x * k);
  Y.count.fill(20 * Math.log2(2 * length));
  Y.countPerSum.fill(1);
  Y.floor.fill((1 + x) * (1 + k));
  return Y;
}

function norm(values: Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}

function convolveDirectly(signal: Float64Array, kernel: Float64Array): Float64Array {
  const Y = new Float64Array(signal.length);
  for (let t = 0; t < Y.length; t++) {
    let y = 0;
    for (let j = 0; j <= t; j++) y += kernel[j] * signal[t - j];
    Y[t] = y;
  }
  return Y;
}
