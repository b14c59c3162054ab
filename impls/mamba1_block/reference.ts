/** Float64 truth of a Mamba-1 block: values through its stages, a token at a time, with what roundings may do to them (README.md). */
import { RunningConvolution } from "../blocks/reference/convolution.js";
import { addSkip, addTo, gateBy, siluOf } from "../blocks/reference/elementwise.js";
import { frontOf } from "../blocks/reference/front.js";
import { BlockBounds, numbers, part } from "../blocks/reference/numbers.js";
import { one, stepFrom } from "../blocks/reference/steps.js";
import { weightsOf } from "../blocks/reference/weights.js";
import type { Bounds } from "../bound.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { ChannelState } from "./reference/channel.js";

const NO_LIMITS = { dtMin: 0, dtMax: 0 };

/** @param before outputs of a layer in front, in place of u */
export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
  before?: Bounds,
): Generator<LaneReference<"Y" | "finalState" | "finalConv">> {
  const { length, modelDim, inner, state, width, past, rank, projected, selected } = problem.dims as Readonly<
    Record<string, number>
  >;
  const read = (name: string) => inputReader(operator, problem, name);
  const [convWeight, dtBias, ALog, D] = ["convWeight", "dtBias", "ALog", "D"].map((name) => read(name)!);
  const [convBias, initialConv, initialState] = ["convBias", "initialConv", "initialState"].map(read);
  const weights = (name: string, bias?: string) => weightsOf(operator, problem, name, bias);
  const [inProj, outProj] = [weights("inProj", "inBias"), weights("outProj", "outBias")];
  const [xProj, dtProj] = [weights("xProj"), weights("dtProj")];
  const front = frontOf(operator, problem, before);
  const convolution = new RunningConvolution(inner, width, convWeight, convBias);
  const ratesOf = (d: number) => Float64Array.from({ length: state }, (_, n) => ALog.at(0, d * state + n));
  const channels = Array.from({ length: inner }, (_, d) => new ChannelState(ratesOf(d)));
  const dt = one();
  const [row, x, chosen] = [numbers(projected), numbers(inner), numbers(selected)];
  const [steps, y, out] = [numbers(inner), numbers(inner), numbers(modelDim)];
  const bounds = (size: number) => new BlockBounds(size, problem.dtype, 1e3 * length);

  for (const lane of lanes) {
    const batch = lane.index;
    for (let d = 0; d < inner; d++)
      channels[d].begin(initialState && ((n) => initialState.at(batch, d * state + n)));
    convolution.begin(initialConv && ((c, j) => initialConv.at(batch, c * past + j)));
    const Y = bounds(length * modelDim);
    for (let t = 0; t < length; t++) {
      // 1. project
      const { u, v } = front(batch * length + t);
      inProj.product(v, row);
      // 2. convolve
      convolution.step(part(row, 0, inner), x);
      siluOf(x);
      // 3. select
      xProj.product(x, chosen);
      dtProj.product(part(chosen, 0, rank), steps);
      // 4. map, with its gate
      const rows = part(chosen, rank, selected);
      for (let d = 0; d < inner; d++) {
        stepFrom(steps, d, dtBias.at(0, d), NO_LIMITS, dt);
        channels[d].step(dt, rows, x, d, y);
        addSkip(y, d, D.at(0, d), x, d);
      }
      gateBy(y, part(row, inner, projected));
      // 6. project
      outProj.product(y, out);
      if (u) addTo(out, u);
      Y.set(out, t * modelDim);
    }
    const finalState = bounds(inner * state);
    for (const [d, channel] of channels.entries()) channel.write(finalState, d * state);
    const finalConv = bounds(inner * past);
    for (const [j, last] of convolution.state().entries())
      for (let c = 0; c < inner; c++) finalConv.copy(last, c, c * past + j);
    yield {
      lane,
      outputs: { Y: Y.bounds, finalState: finalState.bounds, finalConv: finalConv.bounds },
    };
  }
}
