/** Gate, selection and convolution of a Mamba-1 block backward. */
import { convolutionInputs, convolutionWeights } from "../../blocks/reference/gradients/convolution.js";
import { backThrough, backThroughGate, SLOPES } from "../../blocks/reference/gradients/elementwise.js";
import { through, weightGradient, wholeRows } from "../../blocks/reference/gradients/products.js";
import { addScaled, type Sized, sized, slice } from "../../blocks/reference/gradients/sized.js";
import type { KeptBlock } from "./block.js";

/** @param back of the gated numbers, (tokens inner). @param drow of the projected rows. @returns what comes back of the map */
export function ungate({ frame, dims, y }: KeptBlock, back: Sized, drow: Sized): Sized {
  const { inner, projected } = dims;
  const dy = sized(back.value.length);
  for (let token = 0; token < frame.tokens; token++)
    for (let i = 0; i < inner; i++) {
      const [at, gate] = [token * inner, token * projected + inner + i];
      const to = { dup: slice(dy, at, inner), dgate: drow, at: gate };
      backThroughGate(slice(back, at, inner), slice(y, at, inner), i, frame.row, gate, to);
    }
  return dy;
}

/** @param dx of x, to which what comes back of the selection is added. @param dselected of B and C, behind `rank` places of dt */
export function unselect(block: KeptBlock, dx: Sized, dsteps: Sized, dselected: Sized): void {
  const { frame, dims, operator, problem, chosen, x } = block;
  const { inner, rank, selected } = dims;
  const d = wholeRows(dsteps, inner);
  const low = sized(frame.tokens * rank);
  through(operator, problem, "dtProj", d, low);
  frame.make("dtProj", weightGradient(d, { of: chosen, start: 0, count: rank, stride: selected }));
  for (let token = 0; token < frame.tokens; token++)
    for (let i = 0; i < rank; i++) addScaled(dselected, token * selected + i, 1, low, token * rank + i);
  const rows = wholeRows(dselected, selected);
  through(operator, problem, "xProj", rows, dx);
  frame.make("xProj", weightGradient(rows, wholeRows(x, inner)));
}

/** Through SiLU and the convolution into the projected rows. */
export function unconvolve({ frame, dims, convolved }: KeptBlock, dx: Sized, drow: Sized): void {
  const { length, inner, width, projected } = dims;
  const dconvolved = sized(dx.value.length);
  for (let i = 0; i < dx.value.length; i++) backThrough(SLOPES.silu, dx, i, convolved, i, dconvolved, i);
  const taps = { length, channels: inner, width, weight: frame.read("convWeight")! };
  const columns = { start: 0, count: inner, stride: projected };
  convolutionInputs(taps, dconvolved, { of: drow, ...columns });
  const made = convolutionWeights(taps, dconvolved, { of: frame.row, ...columns });
  frame.make("convWeight", made.weight);
  frame.make("convBias", made.bias);
}
