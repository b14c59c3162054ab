/** The scan backward, channel by channel: x, the step, B, C and the parameters of a channel. */
import { columnSums, roundSum } from "../../blocks/reference/gradients/products.js";
import {
  addProduct,
  addScaled,
  KINDS,
  round,
  type Sized,
  sized,
} from "../../blocks/reference/gradients/sized.js";
import { logDecayFrom, one } from "../../blocks/reference/steps.js";
import { stepSlope } from "../../recurrence/step.js";
import { type KeptBlock, NO_LIMITS } from "./block.js";
import { asOne, type ChannelBack, type ChannelTokens, ofOne, walkBack, walkForward } from "./channel.js";

/** @param dy (tokens inner). @returns what comes back of x, of dt before its bias, and of the selection's rows but for dt's own */
export function unmap(block: KeptBlock, dy: Sized) {
  const { frame, dims } = block;
  const { batch, length, inner, state, rank, selected } = dims;
  const [dx, dsteps] = [sized(frame.tokens * inner), sized(frame.tokens * inner)];
  const dselected = sized(frame.tokens * selected);
  const [dALog, sizesA] = [sized(inner * state), new Float64Array(inner * state)];
  const [dD, sizesD] = [sized(inner), new Float64Array(inner)];
  const D = frame.read("D")!;
  for (let b = 0; b < batch; b++)
    for (let d = 0; d < inner; d++) {
      const channel = block.channelOf(b, d);
      const own = Array.from({ length }, (_, t) => asOne(dy, (b * length + t) * inner + d));
      walkBack(
        channel,
        walkForward(channel, () => {}),
        own,
        (t, back) => {
          const token = b * length + t;
          const at = token * inner + d;
          // dx = dt R B + D dy
          const size = addProduct(dx, at, ofOne(channel.dt[t]), 0, back.dx, 0);
          const skip = D.at(0, d);
          addScaled(dx, at, skip, dy, at);
          round(dx, at, 3, size + Math.abs(skip * dy.value[at]));
          sizesD[d] += addProduct(dD, d, dy, at, block.x, at);
          addScaled(dsteps, at, 1, stepBack(block, channel, { d, token }, back), 0);
          decays(channel, d, t, back, dALog, sizesA);
          for (let n = 0; n < state; n++) {
            addShared(dselected, token * selected + rank + n, back.dB, n);
            addShared(dselected, token * selected + rank + state + n, back.dC, n);
          }
        },
      );
    }
  // B and C are given to all channels
  for (let i = 0; i < dselected.value.length; i++)
    roundSum(dselected, i, inner, Math.abs(dselected.value[i]));
  for (let i = 0; i < dALog.value.length; i++) roundSum(dALog, i, frame.tokens, sizesA[i]);
  for (let d = 0; d < inner; d++) roundSum(dD, d, frame.tokens, sizesD[d]);
  frame.make("ALog", dALog);
  frame.make("D", dD);
  frame.make("dtBias", columnSums({ of: dsteps, start: 0, count: inner, stride: inner }));
  return { dx, dsteps, dselected };
}

/** A sum over channels: partial sums may be as large as all that is added. */
function addShared(to: Sized, i: number, from: Sized, n: number): void {
  addScaled(to, i, 1, from, n);
  round(to, i, 1, Math.abs(from.value[n]));
}

/** dALog = dl l for each number of the state. */
function decays(
  { ALog, dt }: ChannelTokens,
  d: number,
  t: number,
  { dl }: ChannelBack,
  to: Sized,
  sizes: Float64Array,
): void {
  const l = one();
  for (let n = 0; n < ALog.length; n++) {
    const i = d * ALog.length + n;
    logDecayFrom(dt[t], ALog[n], Math.exp(ALog[n]), l);
    sizes[i] += addProduct(to, i, dl, n, ofOne(l), 0);
  }
}

/** (x R B + sum_n A dl) times the slope of the step, a sigmoid, which bends by a quarter at most. */
function stepBack(
  { frame, steps, x, dims }: KeptBlock,
  { ALog }: ChannelTokens,
  { d, token }: { readonly d: number; readonly token: number },
  { dx, dl }: ChannelBack,
): Sized {
  const total = sized(1);
  let size = addProduct(total, 0, dx, 0, x, token * dims.inner + d);
  for (let n = 0; n < ALog.length; n++) {
    const rate = -Math.exp(ALog[n]);
    addScaled(total, 0, rate, dl, n);
    const term = Math.abs(rate * dl.value[n]);
    round(total, 0, 4 + 4 * Math.abs(ALog[n]), term);
    size += term;
  }
  round(total, 0, ALog.length + 3, size);
  const raw = steps[token];
  const v = raw.value[d] + frame.read("dtBias")!.at(0, d);
  const slope = sized(1);
  slope.value[0] = stepSlope(v, { softplus: true, ...NO_LIMITS });
  const own = [raw.certified, raw.squares, raw.stored, raw.storedSquares, raw.perSum].map((of) => of[d]);
  for (let k = 0; k < KINDS; k++) slope.errors[k][0] = (k === 1 || k === 3 ? Math.sqrt(own[k]) : own[k]) / 4;
  round(slope, 0, 8 + 2 * Math.abs(v), slope.value[0]);
  const to = sized(1);
  round(to, 0, 1, addProduct(to, 0, total, 0, slope, 0));
  return to;
}
