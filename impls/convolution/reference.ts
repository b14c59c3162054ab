/**
 * Float64 truth of the convolution: the sum itself for short lengths, a float64 FFT beyond (README.md, "The bound"). The scale is
 * ||u||_2 ||K||_2 of the lane, because an FFT errs normwise: its error at a token knows nothing of that token's size.
 */
import { emptyBounds, ROUNDOFF } from "../bound.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { convolveByFft } from "./reference/fft64.js";
import { type Modes, modeErrors } from "./reference/modes.js";

/** From here on the transform is faster than the sum. */
const DIRECT_UP_TO = 512;
/** What a flush of denormals to zero may cost, in units of the bound's eta. */
const FLUSHED = 2 ** -126 / 1e-25;

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y">> {
  const { length, headDim } = problem.dims;
  const read = (name: string) => inputReader(operator, problem, name);
  const [u, K, poles, weights] = [read("u")!, read("K")!, read("poles"), read("weights")];
  for (const lane of lanes) {
    const { batch, heads, headDim: p } = laneCoordinates(operator, problem, lane);
    const channel = heads * headDim + p;
    const signal = new Float64Array(length);
    const kernel = new Float64Array(length);
    for (let t = 0; t < length; t++) {
      signal[t] = u.at(batch * length + t, channel);
      kernel[t] = K.at(0, channel * length + t);
    }
    const Y = bounds(signal, kernel, problem.dtype);
    if (poles && weights) {
      const mode = (reader: typeof poles) =>
        Float64Array.from({ length: headDim }, (_, n) => reader.at(0, channel * headDim + n));
      admitRecurrence(Y, signal, { poles: mode(poles), weights: mode(weights) }, problem.dtype);
    }
    yield { lane, outputs: { Y } };
  }
}

function bounds(signal: Float64Array, kernel: Float64Array, dtype: Problem["dtype"]) {
  const length = signal.length;
  const Y = {
    ...emptyBounds(length),
    squares: new Float64Array(length),
    tokens: Float64Array.from({ length }, (_, t) => t + 1),
  };
  Y.value.set(length <= DIRECT_UP_TO ? convolveDirectly(signal, kernel) : convolveByFft(signal, kernel));
  const [x, k] = [norm(signal), norm(kernel)];
  const levels = Math.ceil(Math.log2(2 * length));
  Y.scale.fill(x * k);
  Y.count.fill(20 * levels);
  Y.squares.fill(levels);
  Y.countPerSum.fill(1);
  Y.floor.fill(64 * length * (1 + x) * (1 + k) * FLUSHED + (dtype === "f16" ? 1 : 0));
  return Y;
}

/** A problem with poles may be run as a recurrence, too: its errors fit in where they are the larger ones. */
function admitRecurrence(
  Y: ReturnType<typeof bounds>,
  signal: Float64Array,
  modes: Modes,
  dtype: Problem["dtype"],
): void {
  const scale = Y.scale[0];
  const { count, squares, floor } = modeErrors(signal, modes);
  // K stands rounded beside exact poles
  const kernelRounding = ROUNDOFF[dtype] / ROUNDOFF.f32;
  for (let t = 0; t < signal.length; t++) {
    Y.floor[t] += floor[t];
    if (scale === 0) continue;
    Y.count[t] = Math.max(Y.count[t], count[t] / scale + kernelRounding);
    Y.squares[t] = Math.max(Y.squares[t], squares[t] / scale ** 2 + kernelRounding ** 2);
  }
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
