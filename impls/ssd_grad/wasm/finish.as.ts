import { exp, softplus } from "../../engines/wasm/exp.as";
import { madd } from "../../engines/wasm/simd.as";
import { STEPS } from "./decays.as";
import { Args, CHUNK, numberAt, part, put, wideRow } from "./layout.as";
import { laneSums } from "./pairs.as";

// From the map's gradients to those of its inputs, and the map's outputs: skip, gate, time steps.

// @ts-ignore: decorator
@inline
function sigmoid(v: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp(f32x4.neg(v))));
}

/** Rows of the map's own outputs: through D and z into Y, and the gradient of z. */
export function finishOutputs(args: Args, b: i32, h: i32, t: i32, count: i32, X: usize, outputs: usize): void {
  const stride = <usize>(args.heads * args.headDim) << 2, row = wideRow(args), D = args.D + (<usize>(h * args.headDim) << 2);
  let at = numberAt(args, b, h, t) * args.headDim << 2;
  for (; count > 0; count--, at += stride, X += row, outputs += row) {
    for (let p = 0; p < args.headDim; p += 4) {
      const place = <usize>p << 2, left = args.headDim - p;
      let y = v128.load(outputs + place);
      if (args.D) y = madd(part(D + place, left), v128.load(X + place), y);
      if (args.z) {
        const z = part(args.z + at + place, left), gate = sigmoid(z);
        // silu'(z) = gate (1 + z (1 - gate)), where 1 - gate is the gate of -z: a difference would lose its digits
        const slope = f32x4.mul(gate, madd(z, sigmoid(f32x4.neg(z)), f32x4.splat(1)));
        put(args.dz + at + place, f32x4.mul(f32x4.mul(part(args.dY + at + place, left), y), slope), left);
        y = f32x4.mul(y, f32x4.mul(z, gate));
      }
      if (args.Y) put(args.Y + at + place, y, left);
    }
  }
}

/**
 * dX of each token, with what D passes on, and what a token adds to dD.
 * @param dx the gradient of dt X
 * @param products dx . X of each token
 */
export function finishInputs(
  args: Args, b: i32, h: i32, t: i32, count: i32, X: usize, dY: usize, decays: usize, dx: usize, skip: usize, lanes: usize,
  products: usize,
): void {
  const stride = <usize>(args.heads * args.headDim) << 2, row = wideRow(args), D = args.D + (<usize>(h * args.headDim) << 2);
  let at = numberAt(args, b, h, t) * args.headDim << 2;
  memory.fill(lanes, 0, CHUNK * 16);
  for (let i = 0; i < count; i++, at += stride, X += row, dY += row, dx += row) {
    const step = v128.load32_splat(decays + STEPS + (<usize>i << 2));
    let sum = i32x4.splat(0);
    for (let p = 0; p < args.headDim; p += 4) {
      const place = <usize>p << 2, left = args.headDim - p;
      const x = v128.load(X + place), gradient = v128.load(dx + place);
      sum = madd(gradient, x, sum);
      let out = f32x4.mul(step, gradient);
      if (args.D) {
        const dy = v128.load(dY + place);
        out = madd(part(D + place, left), dy, out);
        v128.store(skip + place, madd(dy, x, v128.load(skip + place)));
      }
      put(args.dX + at + place, out, left);
    }
    v128.store(lanes + (<usize>i << 4), sum);
  }
  laneSums(lanes, products);
}

/** What a time step passes on to dt as it was given: 0 outside the limits, then the slope of softplus, which is 1 above 20. */
function stepSlope(args: Args, given: f32): f32 {
  let v = given, slope: f32 = 1;
  if (args.softplus) {
    v = f32x4.extract_lane(softplus(f32x4.splat(given)), 0);
    if (given <= 20) slope = f32x4.extract_lane(sigmoid(f32x4.splat(given)), 0);
  }
  return v >= args.dtMin && v <= args.dtMax ? slope : 0;
}

/**
 * The gradients of a chunk's time steps and log decays, and what they add to sums over tokens.
 * @param products dx . X of each token
 * @param dLog the gradient of each log decay
 */
export function finishSteps(
  args: Args, b: i32, h: i32, t: i32, count: i32, decays: usize, products: usize, dLog: usize, parts: usize,
): void {
  const at = numberAt(args, b, h, t), head = <usize>h << 2, rate: f32 = args.perHead ? load<f32>(args.rates + head) : 0;
  const bias: f32 = args.dtBias ? load<f32>(args.dtBias + head) : 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    const place = (at + i * args.heads) << 2, log = load<f32>(dLog + (i << 2));
    if (!args.perHead) store<f32>(args.dlogA + place, log);
    if (!args.dt) continue;
    let gradient = load<f32>(products + (i << 2));
    // a rate of -Infinity forgets everything, whatever the step
    if (args.perHead && rate > -Infinity) gradient += rate * log;
    if (args.made) gradient *= stepSlope(args, load<f32>(args.dtGiven + place) + bias);
    store<f32>(args.ddt + place, gradient);
    store<f32>(parts, load<f32>(parts) + log * load<f32>(decays + STEPS + (i << 2)));
    store<f32>(parts, load<f32>(parts, 4) + gradient, 4);
  }
}
