/** Gate and norm, the MLP, features, selection and convolution of a Mamba-2 block backward. */
import { convolutionInputs, convolutionWeights } from "../../blocks/reference/gradients/convolution.js";
import { backThrough, backThroughGate, gated, SLOPES } from "../../blocks/reference/gradients/elementwise.js";
import { normBack } from "../../blocks/reference/gradients/norm.js";
import { roundSum, through, weightGradient, wholeRows } from "../../blocks/reference/gradients/products.js";
import { addScaled, type Sized, sized, slice } from "../../blocks/reference/gradients/sized.js";
import type { KeptBlock } from "./block.js";
import { slopedFeature } from "./features.js";

/**
 * @param drows what comes back of the last projection, (tokens inner). @param drow of the first one's rows, where gates go
 * @returns what comes back of the map
 */
export function ungate(block: KeptBlock, drows: Sized, drow: Sized): Sized {
  const { frame, dims, parts, settings, problem } = block;
  const { inner, projected, heads, headDim, groups } = dims;
  const { mlp, z } = parts;
  const dy = sized(frame.tokens * z);
  const size = (heads * headDim) / (settings.normGroups || groups);
  const [dWeight, sizes] = [sized(z), new Float64Array(z)];
  const weight = frame.read("normWeight");
  for (let token = 0; token < frame.tokens; token++) {
    const first = token * projected;
    const [side, back] = [slice(drows, token * inner, mlp), slice(drows, token * inner + mlp, z)];
    // the MLP: silu(z0) x0
    const dup = slice(drow, first + mlp, mlp);
    for (let i = 0; i < mlp; i++)
      backThroughGate(side, slice(frame.row, first + mlp, mlp), i, frame.row, first + i, {
        ...{ dup, dgate: drow, at: first + i },
      });
    const [y, to] = [slice(block.y, token * z, z), slice(dy, token * z, z)];
    const gate = first + 2 * mlp;
    const throughGate = (d: Sized, up: Sized, dup: Sized) => {
      for (let i = 0; i < z; i++)
        backThroughGate(d, up, i, frame.row, gate + i, { dup, dgate: drow, at: gate + i });
    };
    if (!weight) {
      throughGate(back, y, to);
      continue;
    }
    // the norm stands behind the gate or in front of it
    const x = settings.normBeforeGate ? y : sized(z);
    if (!settings.normBeforeGate) for (let i = 0; i < z; i++) gated(y, i, frame.row, gate + i, x, i);
    const d = settings.normBeforeGate ? sized(z) : back;
    if (settings.normBeforeGate) throughGate(back, normed(block, y, size), d);
    const dx = settings.normBeforeGate ? to : sized(z);
    for (let start = 0; start < z; start += size)
      normBack({ x, d, start, size, channel: start, weight, eps: settings.eps, dWeight, sizes }, dx, start);
    if (!settings.normBeforeGate) throughGate(dx, y, to);
  }
  for (let i = 0; i < z; i++) roundSum(dWeight, i, frame.tokens, sizes[i]);
  if (problem.inputs.normWeight) frame.make("normWeight", dWeight);
  return dy;
}

/** The norm of a token's numbers times its weight. */
function normed({ frame, settings }: KeptBlock, y: Sized, size: number): Sized {
  const z = y.value.length;
  const [to, none] = [sized(z), sized(z)];
  const weight = frame.read("normWeight")!;
  const unused = { dWeight: sized(z), sizes: new Float64Array(z) };
  for (let start = 0; start < z; start += size) {
    const of = { x: y, d: none, start, size, channel: start, weight, eps: settings.eps, ...unused };
    const unit = normBack(of, sized(z), start);
    for (let i = 0; i < size; i++) addScaled(to, start + i, weight.at(0, start + i), unit, i);
  }
  return to;
}

/** @param dmapped of x, B and C of the map. @param drow where cotangents of the projected rows go */
export function unselect(block: KeptBlock, dmapped: Sized, dsteps: Sized, drow: Sized): void {
  const { frame, dims, parts, problem, operator, convolved } = block;
  const { heads, channels, projected, selected, length, width } = dims;
  const { mlp, z, x, B, C } = parts;
  const { tokens } = frame;
  const slope = SLOPES[slopedFeature(block.settings)];
  const isSequential = problem.inputs.xProj !== undefined;
  const dconvolved = sized(tokens * channels);
  const dchosen = sized(isSequential ? tokens * selected : 0);
  const dact = sized(tokens * x);
  for (let token = 0; token < tokens; token++) {
    const from = token * (x + B + C);
    for (let i = 0; i < x; i++) addScaled(dact, token * x + i, 1, dmapped, from + i);
    for (let i = 0; i < B + C; i++) {
      if (isSequential)
        backThrough(
          ...([slope, dmapped, from + x + i, block.chosen, token * selected + i] as const),
          ...([dchosen, token * selected + i] as const),
        );
      else
        backThrough(
          ...([slope, dmapped, from + x + i, convolved, token * channels + x + i] as const),
          ...([dconvolved, token * channels + x + i] as const),
        );
    }
    for (let h = 0; h < heads; h++) {
      const to = isSequential ? dchosen : drow;
      const at = isSequential ? token * selected + B + C + h : (token + 1) * projected - heads + h;
      addScaled(to, at, 1, dsteps, token * heads + h);
    }
  }
  if (isSequential) {
    const d = wholeRows(dchosen, selected);
    through(operator, problem, "xProj", d, dact);
    frame.make("xProj", weightGradient(d, wholeRows(block.act, x)));
  }
  for (let token = 0; token < tokens; token++)
    for (let i = 0; i < x; i++)
      backThrough(
        ...([SLOPES.silu, dact, token * x + i, convolved, token * channels + i] as const),
        ...([dconvolved, token * channels + i] as const),
      );
  const taps = { length, channels, width, weight: frame.read("convWeight")! };
  const columns = { start: 2 * mlp + z, count: channels, stride: projected };
  convolutionInputs(taps, dconvolved, { of: drow, ...columns });
  const made = convolutionWeights(taps, dconvolved, { of: frame.row, ...columns });
  frame.make("convWeight", made.weight);
  frame.make("convBias", made.bias);
}
