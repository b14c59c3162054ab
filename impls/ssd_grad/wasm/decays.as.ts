import { exp } from "../../engines/wasm/exp.as";
import { Args, CHUNK, numberAt } from "./layout.as";

// Decays of a head's tokens inside one chunk: products of decays, never a ratio of running products or a difference of running sums.

/** Bytes of a chunk's decays, and where each row of CHUNK numbers lies: see `decaysOf`. */
export const DECAY_BYTES: usize = 512;
export const STEPS: usize = 0;
export const DECAY: usize = 96;
export const FROM_START: usize = 192;
export const TO_END: usize = 288;
export const IN_STATE: usize = 384;
export const WHOLE: usize = 480;

/**
 * Of each token: its time step, its decay, the decay from the chunk's start through it, that from behind it to the chunk's end, and what
 * it counts in the state behind the chunk; then eight times the decay over the chunk, the exponential of a sum, since products of weak
 * decays all round down. Tokens behind the end neither decay nor add.
 */
export function decaysOf(args: Args, b: i32, h: i32, t: i32, count: i32, to: usize): void {
  const at = numberAt(args, b, h, t), step = <usize>args.heads;
  let sum: f32 = 0;
  for (let i = 0; i < CHUNK; i++) {
    const place = (at + <usize>i * step) << 2, own = to + (<usize>i << 2);
    const log: f32 = i < count ? load<f32>(args.logA + place) : 0;
    let dt: f32 = i < count ? 1 : 0;
    if (i < count && args.dt) dt = load<f32>(args.dt + place);
    sum += log;
    store<f32>(own + STEPS, dt);
    store<f32>(own + DECAY, log);
  }
  for (let i: usize = DECAY; i < FROM_START; i += 16) v128.store(to + i, exp(v128.load(to + i)));
  const whole = exp(f32x4.splat(sum));
  v128.store(to + WHOLE, whole); v128.store(to + WHOLE, whole, 16);
  let before: f32 = 1, behind: f32 = 1;
  for (let i = 0; i < CHUNK; i++) {
    const own = to + (<usize>i << 2);
    before *= load<f32>(own + DECAY);
    store<f32>(own + FROM_START, before);
  }
  for (let i = CHUNK - 1; i >= 0; i--) {
    const own = to + (<usize>i << 2);
    store<f32>(own + TO_END, behind);
    store<f32>(own + IN_STATE, behind * load<f32>(own + STEPS));
    behind *= load<f32>(own + DECAY);
  }
}
