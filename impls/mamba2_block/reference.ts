/** Float64 truth of a Mamba-2 block: values through its stages, a token at a time, with what roundings may do to them (README.md). */

import { RunningConvolution } from "../blocks/reference/convolution.js";
import { addSkip, addTo, elu1Of, gateBy, reluOf, siluOf } from "../blocks/reference/elementwise.js";
import { layerNormOf, randomFeatures } from "../blocks/reference/features.js";
import { frontOf } from "../blocks/reference/front.js";
import { normOf } from "../blocks/reference/norm.js";
import {
  BlockBounds,
  copyNumbers,
  type Numbers,
  normsOf,
  numbers,
  part,
} from "../blocks/reference/numbers.js";
import { logDecayFrom, one, stepFrom } from "../blocks/reference/steps.js";
import { weightsOf } from "../blocks/reference/weights.js";
import { type Bounds, ROUNDOFF } from "../bound.js";
import { beginsAnew } from "../documents.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import type { Reader } from "../tensor.js";
import { HeadState } from "./reference/recurrence.js";
import { featureOf, partsOf } from "./reference/sizes.js";

type Settings = Readonly<Record<"dtMin" | "dtMax" | "normGroups" | "pattern" | "features" | "eps", number>>;

/** @param before outputs of a layer in front, in place of u */
export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
  before?: Bounds,
): Generator<LaneReference<"Y" | "finalState" | "finalConv">> {
  const block = new Block(operator, problem, before);
  for (const lane of lanes) yield { lane, outputs: block.sequence(lane.index) };
}

class Block {
  private readonly read: (name: string) => Reader | undefined;
  private readonly dims: Readonly<Record<string, number>>;
  private readonly settings: Settings;
  private readonly isBefore: boolean;
  private readonly parts: ReturnType<typeof partsOf>;
  private readonly front: ReturnType<typeof frontOf>;
  private readonly inProj: ReturnType<typeof weightsOf>;
  private readonly outProj: ReturnType<typeof weightsOf>;
  private readonly xProj: ReturnType<typeof weightsOf> | undefined;
  private readonly heads: readonly HeadState[];
  private readonly convolution: RunningConvolution;
  /** Of B and C side by side. */
  private readonly feature: (of: Numbers) => void;

  constructor(
    operator: AnyOperator,
    private readonly problem: Problem,
    before: Bounds | undefined,
  ) {
    const { dims, inputs, settings } = problem;
    this.dims = dims;
    this.settings = settings as Settings;
    this.isBefore = settings.normBeforeGate === true;
    this.parts = partsOf(dims as never, this.settings);
    const readers = new Map<string, Reader | undefined>();
    for (const name of Object.keys(operator.inputs)) readers.set(name, inputReader(operator, problem, name));
    this.read = (name) => readers.get(name);
    this.front = frontOf(operator, problem, before);
    this.inProj = weightsOf(operator, problem, "inProj", "inBias");
    this.outProj = weightsOf(operator, problem, "outProj", "outBias");
    this.xProj = inputs.xProj && weightsOf(operator, problem, "xProj");
    this.heads = Array.from({ length: dims.heads }, () => new HeadState(dims.headDim, dims.state));
    const [weight, bias] = [this.read("convWeight")!, this.read("convBias")];
    this.convolution = new RunningConvolution(dims.channels, dims.width, weight, bias);
    this.feature = featureMap(this.settings, dims.state, problem.dtype);
  }

  /** All tokens of one batch entry. */
  sequence(batch: number) {
    const { length, modelDim, inner, heads, headDim, channels, projected, selected, state } = this.dims;
    const { mlp, z, x, B, C } = this.parts;
    const documents = this.read("documents");
    this.begin(batch);
    const Y = new BlockBounds(length * modelDim, this.problem.dtype, 1e3 * length);
    const row = numbers(projected);
    const convolved = numbers(channels);
    // x, B and C behind the convolution and the selection
    const mapped = numbers(x + B + C);
    const chosen = numbers(selected);
    const y = numbers(inner);
    const out = numbers(modelDim);

    for (let t = 0; t < length; t++) {
      if (documents && beginsAnew(documents, batch, length, t)) this.forget();
      // 1. project
      const { u, v } = this.front(batch * length + t);
      this.inProj.product(v, row);
      // 2. convolve
      this.convolution.step(part(row, 2 * mlp + z, 2 * mlp + z + channels), convolved);
      siluOf(part(convolved, 0, x));
      copyNumbers(part(convolved, 0, x), part(mapped, 0, x));
      // 3. select
      let steps = part(row, projected - heads, projected);
      if (this.xProj) {
        this.xProj.product(part(convolved, 0, x), chosen);
        copyNumbers(part(chosen, 0, B + C), part(mapped, x, x + B + C));
        steps = part(chosen, B + C, selected);
      } else copyNumbers(part(convolved, x, x + B + C), part(mapped, x, x + B + C));
      this.feature(part(mapped, x, x + B + C));
      // 4. map
      const map = part(y, mlp, inner);
      this.map(mapped, steps, map);
      // 5. gate and norm, the MLP in front
      this.gateAndNorm(map, part(row, 2 * mlp, 2 * mlp + z));
      const side = part(y, 0, mlp);
      copyNumbers(part(row, mlp, 2 * mlp), side);
      gateBy(side, part(row, 0, mlp));
      // 6. project
      this.outProj.product(y, out);
      if (u) addTo(out, u);
      Y.set(out, t * modelDim);
    }
    const finalState = new BlockBounds(heads * headDim * state, this.problem.dtype, 1e3 * length);
    for (const [h, head] of this.heads.entries()) head.write(finalState, h * headDim * state);
    return { Y: Y.bounds, finalState: finalState.bounds, finalConv: this.lastInputs() };
  }

  private begin(batch: number): void {
    const { heads, headDim, state, past } = this.dims;
    const initial = this.read("initialState");
    const perRow = this.problem.inputs.initialState?.axes[0] === "batch" ? batch : 0;
    for (let h = 0; h < heads; h++)
      this.heads[h].begin(initial && ((p, n) => initial.at(perRow, (h * headDim + p) * state + n)));
    const conv = this.read("initialConv");
    this.convolution.begin(conv && ((c, j) => conv.at(batch, c * past + j)));
  }

  private forget(): void {
    for (const head of this.heads) head.forget();
    this.convolution.forget();
  }

  /** ssd with its steps and D. @param mapped x, B, C side by side */
  private map(mapped: Numbers, steps: Numbers, y: Numbers): void {
    const { heads, headDim, state } = this.dims;
    const { x, B, C } = this.parts;
    const [dtBias, ALog, D] = ["dtBias", "ALog", "D"].map((name) => this.read(name)!);
    const perHead = this.problem.inputs.D!.axes.length === 1;
    const shared = (size: number, h: number, width: number) =>
      Math.floor(h / (heads / (size / width))) * width;
    const [dt, l] = [one(), one()];
    for (let h = 0; h < heads; h++) {
      stepFrom(steps, h, dtBias.at(0, h), this.settings, dt);
      logDecayFrom(dt, ALog.at(0, h), Math.exp(ALog.at(0, h)), l);
      const [startB, startC] = [x + shared(B, h, state), x + B + shared(C, h, state)];
      const startX = shared(x, h, headDim);
      const out = part(y, h * headDim, (h + 1) * headDim);
      this.heads[h].step(
        {
          ...{ dt, l },
          B: { of: mapped, start: startB, norms: normsOf(mapped, startB, startB + state) },
          C: { of: mapped, start: startC, norms: normsOf(mapped, startC, startC + state) },
        },
        mapped,
        startX,
        out,
      );
      for (let p = 0; p < headDim; p++)
        addSkip(out, p, D.at(0, perHead ? h : h * headDim + p), mapped, startX + p);
    }
  }

  private gateAndNorm(y: Numbers, z: Numbers): void {
    const weight = this.read("normWeight");
    const { heads, headDim, groups } = this.dims;
    const size = (heads * headDim) / (this.settings.normGroups || groups);
    if (!weight || !this.isBefore) gateBy(y, z);
    if (weight) normOf(y, size, weight, this.settings.eps);
    if (weight && this.isBefore) gateBy(y, z);
  }

  private lastInputs() {
    const { channels, past, length } = this.dims;
    const bounds = new BlockBounds(channels * past, this.problem.dtype, 1e3 * length);
    for (const [j, last] of this.convolution.state().entries())
      for (let c = 0; c < channels; c++) bounds.copy(last, c, c * past + j);
    return bounds.bounds;
  }
}

function featureMap(settings: Settings, state: number, dtype: Problem["dtype"]): (of: Numbers) => void {
  const feature = featureOf(settings);
  if (feature === "layer-norm") return (of) => layerNormOf(of, state, settings.eps);
  if (feature === "random") return randomFeatures(state, ROUNDOFF[dtype]);
  return { silu: siluOf, identity: () => {}, relu: reluOf, elu1: elu1Of }[feature];
}
