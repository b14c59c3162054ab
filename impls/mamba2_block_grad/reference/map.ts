/** The sequence map backward, head by head: x, B, C, the step and the parameters of a head. */

import { sigmoid } from "../../blocks/reference/gradients/elementwise.js";
import { columnSums, roundSum } from "../../blocks/reference/gradients/products.js";
import {
  addProduct,
  addScaled,
  KINDS,
  round,
  type Sized,
  sized,
  slice,
} from "../../blocks/reference/gradients/sized.js";
import { COARSEST, type Numbers } from "../../blocks/reference/numbers.js";
import { stepSlope } from "../../recurrence/step.js";
import type { KeptBlock } from "./block.js";
import { type HeadBack, type HeadTokens, ofNumber, ofOne, walkBack, walkForward } from "./head.js";

/** @param dy (tokens heads headDim). @returns what comes back of x, B and C side by side, and of dt before its bias */
export function unmap(block: KeptBlock, dy: Sized) {
  const { frame, dims, parts } = block;
  const { batch, length, heads, headDim, state } = dims;
  const { x, B, C, z } = parts;
  const width = x + B + C;
  const dmapped = sized(frame.tokens * width);
  const dsteps = sized(frame.tokens * heads);
  const sums = {
    dD: sized(z),
    sizesD: new Float64Array(z),
    dALog: sized(heads),
    sizesA: new Float64Array(heads),
  };
  const { initialState } = block.problem.inputs;
  const dInitial = sized(initialState ? initialState.shape.reduce((a, b) => a * b, 1) : 0);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++) {
      const head = block.headOf(b, h);
      const own = headRows(dy, b, h, block);
      const [startB, startC] = [x + block.shareOf(B, h, state), x + B + block.shareOf(C, h, state)];
      const states = walkForward(head, () => {});
      const first = walkBack(head, states, own, (t, back) => {
        const token = b * length + t;
        const d = slice(own, t * headDim, headDim);
        const throughX = ofToken(
          block,
          head,
          t,
          h,
          back,
          d,
          slice(dmapped, token * width + head.start, headDim),
        );
        addShared(slice(dmapped, token * width + startB, state), back.dB);
        addShared(slice(dmapped, token * width + startC, state), back.dC);
        const step = stepBack(block, token, h, throughX, back);
        addScaled(dsteps, token * heads + h, 1, step, 0);
        for (let p = 0; p < headDim; p++)
          sums.sizesD[h * headDim + p] += addProduct(
            sums.dD,
            h * headDim + p,
            d,
            p,
            ofNumber(head.x[t], head.start + p),
            0,
          );
        sums.sizesA[h] += addProduct(sums.dALog, h, back.dl, 0, ofOne(head.tokens[t].l), 0);
      });
      if (initialState) addInitial(dInitial, first, initialState.axes[0] === "heads" ? 0 : b, h, block);
    }
  finish(block, sums, dInitial, dsteps);
  return { dmapped, dsteps };
}

interface Sums {
  readonly dD: Sized;
  readonly sizesD: Float64Array;
  readonly dALog: Sized;
  readonly sizesA: Float64Array;
}

function finish(block: KeptBlock, sums: Sums, dInitial: Sized, dsteps: Sized): void {
  const { frame, dims, problem } = block;
  const { batch, heads, headDim } = dims;
  const { dD, sizesD, dALog, sizesA } = sums;
  const perHead = problem.inputs.D!.axes.length === 1;
  const skip = perHead ? sized(heads) : dD;
  const sizes = perHead ? new Float64Array(heads) : sizesD;
  if (perHead)
    for (let i = 0; i < dD.value.length; i++) {
      addScaled(skip, Math.floor(i / headDim), 1, dD, i);
      sizes[Math.floor(i / headDim)] += sizesD[i];
    }
  for (let i = 0; i < skip.value.length; i++)
    roundSum(skip, i, frame.tokens * (perHead ? headDim : 1), sizes[i]);
  for (let h = 0; h < heads; h++) roundSum(dALog, h, frame.tokens, sizesA[h]);
  frame.make("D", skip);
  frame.make("ALog", dALog);
  frame.make("dtBias", columnSums({ of: dsteps, start: 0, count: heads, stride: heads }));
  for (let i = 0; i < dInitial.value.length; i++) round(dInitial, i, batch, Math.abs(dInitial.value[i]));
  frame.make("initialState", dInitial);
}

/** Rows of a head in (tokens heads headDim), side by side. */
function headRows(of: Sized, b: number, h: number, { dims }: KeptBlock): Sized {
  const { length, heads, headDim } = dims;
  const to = sized(length * headDim);
  for (let t = 0; t < length; t++)
    for (let p = 0; p < headDim; p++)
      addScaled(to, t * headDim + p, 1, of, ((b * length + t) * heads + h) * headDim + p);
  return to;
}

/** dx = dt R B + D dy into its place. @returns <x, R B> */
function ofToken(
  block: KeptBlock,
  head: HeadTokens,
  t: number,
  h: number,
  { dx }: HeadBack,
  d: Sized,
  to: Sized,
): Sized {
  const through = sized(1);
  const dt = ofOne(head.tokens[t].dt);
  let total = 0;
  for (let p = 0; p < head.headDim; p++) {
    const skip = block.skip(h, p);
    const size = addProduct(to, p, dt, 0, dx, p) + Math.abs(skip * d.value[p]);
    addScaled(to, p, skip, d, p);
    // heads of a group, where they share x
    round(to, p, 3 + block.dims.heads, size);
    total += addProduct(through, 0, dx, p, ofNumber(head.x[t], head.start + p), 0);
  }
  round(through, 0, head.headDim + 2, total);
  return through;
}

/** (<x, R B> + A dl) times the slope of the step. */
function stepBack(block: KeptBlock, token: number, h: number, throughX: Sized, { dl }: HeadBack): Sized {
  const [bias, ALog] = ["dtBias", "ALog"].map((name) => block.frame.read(name)!.at(0, h));
  const total = sized(1);
  const rate = -Math.exp(ALog);
  addScaled(total, 0, 1, throughX, 0);
  addScaled(total, 0, rate, dl, 0);
  const size = Math.abs(throughX.value[0]) + Math.abs(rate * dl.value[0]);
  round(total, 0, 6 + 4 * Math.abs(ALog), size);
  const to = sized(1);
  const slope = slopeOf(block, block.steps[token], h, bias);
  round(to, 0, 1, addProduct(to, 0, total, 0, slope, 0));
  return to;
}

/** The slope of a step: a sigmoid, which bends by a quarter at most, 0 outside of the limits; where errors may cross one, either. */
function slopeOf({ settings }: KeptBlock, raw: Numbers, h: number, bias: number): Sized {
  const v = raw.value[h] + bias;
  const limits = { softplus: true, dtMin: settings.dtMin, dtMax: settings.dtMax };
  const slope = stepSlope(v, limits);
  const to = sized(1);
  to.value[0] = slope;
  addErrors(to, raw, h);
  round(to, 0, 8 + 2 * Math.abs(v), slope);
  const reach = COARSEST * (raw.certified[h] + 10 * (1 + Math.abs(v))) + 2 ** -24 * raw.stored[h];
  const sides = [-reach, reach].map((far) => stepSlope(v + far, limits));
  // 1 above 20 and a sigmoid below differ by less than a rounding
  if (sides.some((side) => Math.abs(side - slope) > 0.5 * sigmoid(v)))
    for (let k = 0; k < 4; k++) to.errors[k][0] = 2 ** 50;
  return to;
}

function addErrors(to: Sized, raw: Numbers, h: number): void {
  const of = ofNumber(raw, h);
  for (let k = 0; k < KINDS; k++) to.errors[k][0] += of.errors[k][0] / 4;
}

/** Heads that share B or C: a sum, a rounding each. */
function addShared(to: Sized, from: Sized): void {
  for (let n = 0; n < from.value.length; n++) {
    addScaled(to, n, 1, from, n);
    round(to, n, 1, Math.abs(from.value[n]));
  }
}

function addInitial(
  to: Sized,
  { S, sizes }: { readonly S: Float64Array; readonly sizes: Sized },
  row: number,
  h: number,
  { dims }: KeptBlock,
): void {
  const { heads, headDim, state } = dims;
  for (let p = 0; p < headDim; p++)
    for (let n = 0; n < state; n++) {
      const i = ((row * heads + h) * headDim + p) * state + n;
      to.value[i] += S[p * state + n];
      for (let k = 0; k < KINDS; k++) to.errors[k][i] += sizes.errors[k][p];
    }
}
