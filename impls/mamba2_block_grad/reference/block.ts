/** A Mamba-2 block forward, a stage after another, and all that is needed again on the way back. */
import { RunningConvolution } from "../../blocks/reference/convolution.js";
import { addSkip, elu1Of, gateBy, reluOf, siluOf } from "../../blocks/reference/elementwise.js";
import { ReferenceFrame } from "../../blocks/reference/gradients/frame.js";
import { asNumbers, keep, type Sized, sized } from "../../blocks/reference/gradients/sized.js";
import { normOf } from "../../blocks/reference/norm.js";
import { copyNumbers, type Numbers, normsOf, numbers, part } from "../../blocks/reference/numbers.js";
import { logDecayFrom, one, stepFrom } from "../../blocks/reference/steps.js";
import { weightsOf } from "../../blocks/reference/weights.js";
import type { Token } from "../../mamba2_block/reference/recurrence.js";
import { partsOf } from "../../mamba2_block/reference/sizes.js";
import type { AnyOperator, Problem } from "../../operator.js";
import { slopedFeature } from "./features.js";
import { type HeadTokens, walkForward } from "./head.js";

export type BlockSettings = Readonly<
  Record<"dtMin" | "dtMax" | "normGroups" | "pattern" | "features" | "eps", number>
> & { readonly normBeforeGate: boolean };

export class KeptBlock {
  readonly frame: ReferenceFrame;
  readonly dims: Readonly<Record<string, number>>;
  readonly settings: BlockSettings;
  readonly parts: ReturnType<typeof partsOf>;
  /** Behind the convolution, before SiLU and features: (tokens channels). */
  readonly convolved: Sized;
  /** x behind SiLU, and what is selected of it where there is an xProj: (tokens x), (tokens selected). */
  readonly act: Sized;
  readonly chosen: Sized;
  /** Of the map and what is behind it: (tokens z), (tokens inner). */
  readonly y: Sized;
  readonly rows: Sized;
  /** By token: x, B and C of the map, and dt before its bias. */
  readonly mapped: Numbers[] = [];
  readonly steps: Numbers[] = [];

  constructor(
    readonly operator: AnyOperator,
    readonly problem: Problem,
  ) {
    this.frame = new ReferenceFrame(operator, problem);
    this.dims = this.frame.dims;
    this.settings = problem.settings as unknown as BlockSettings;
    this.parts = partsOf(this.dims as never, this.settings);
    const { tokens } = this.frame;
    const { channels, selected, inner } = this.dims;
    this.convolved = sized(tokens * channels);
    this.act = sized(tokens * this.parts.x);
    this.chosen = sized(tokens * (problem.inputs.xProj ? selected : 0));
    this.y = sized(tokens * this.parts.z);
    this.rows = sized(tokens * inner);
  }

  forward(): void {
    const { batch, length, heads, headDim } = this.dims;
    const { mlp, z } = this.parts;
    for (let b = 0; b < batch; b++) {
      this.#toMap(b);
      const y = Array.from({ length }, () => numbers(z));
      for (let h = 0; h < heads; h++) {
        const head = this.headOf(b, h);
        walkForward(head, (t, out) => {
          const to = part(y[t], h * headDim, (h + 1) * headDim);
          copyNumbers(out, to);
          for (let p = 0; p < headDim; p++) addSkip(to, p, this.skip(h, p), head.x[t], head.start + p);
        });
      }
      for (let t = 0; t < length; t++) {
        const token = b * length + t;
        keep(y[t], this.y, token * z);
        const row = this.#rowOf(token);
        this.#gateAndNorm(y[t], part(row, 2 * mlp, 2 * mlp + z));
        const out = numbers(mlp + z);
        copyNumbers(part(row, mlp, 2 * mlp), part(out, 0, mlp));
        gateBy(part(out, 0, mlp), part(row, 0, mlp));
        copyNumbers(y[t], part(out, mlp, mlp + z));
        keep(out, this.rows, token * (mlp + z));
        this.frame.finish(token, out);
      }
    }
  }

  /** D of a channel. */
  skip(h: number, p: number): number {
    const D = this.frame.read("D")!;
    return D.at(0, this.problem.inputs.D!.axes.length === 1 ? h : h * this.dims.headDim + p);
  }

  /** Where a head finds its own of so many numbers of a token. */
  shareOf(total: number, h: number, width: number): number {
    return Math.floor(h / (this.dims.heads / (total / width))) * width;
  }

  headOf(b: number, h: number): HeadTokens {
    const { length, headDim, state } = this.dims;
    const { x, B, C } = this.parts;
    const [dtBias, ALog] = ["dtBias", "ALog"].map((name) => this.frame.read(name)!.at(0, h));
    const [startB, startC] = [x + this.shareOf(B, h, state), x + B + this.shareOf(C, h, state)];
    const own = this.mapped.slice(b * length, (b + 1) * length);
    const tokens = own.map((of, t): Token => {
      const [dt, l] = [one(), one()];
      stepFrom(this.steps[b * length + t], h, dtBias, this.settings, dt);
      logDecayFrom(dt, ALog, Math.exp(ALog), l);
      const shared = (start: number) => ({ of, start, norms: normsOf(of, start, start + state) });
      return { dt, l, B: shared(startB), C: shared(startC) };
    });
    const initial = this.frame.read("initialState");
    const row = this.problem.inputs.initialState?.axes[0] === "batch" ? b : 0;
    const begin = initial && ((p: number, n: number) => initial.at(row, (h * headDim + p) * state + n));
    return { headDim, state, tokens, x: own, start: this.shareOf(x, h, headDim), begin };
  }

  /** Everything in front of the map, of a sequence. */
  #toMap(b: number): void {
    const { length, heads, channels, width, projected, selected } = this.dims;
    const { mlp, z, x, B, C } = this.parts;
    const [weight, bias] = [this.frame.read("convWeight")!, this.frame.read("convBias")];
    const convolution = new RunningConvolution(channels, width, weight, bias);
    const xProj = this.problem.inputs.xProj && weightsOf(this.operator, this.problem, "xProj");
    const convolved = numbers(channels);
    const row = numbers(projected);
    const feature = { silu: siluOf, identity: () => {}, relu: reluOf, elu1: elu1Of }[
      slopedFeature(this.settings)
    ];
    for (let t = 0; t < length; t++) {
      const token = b * length + t;
      this.frame.project(token, row);
      convolution.step(part(row, 2 * mlp + z, 2 * mlp + z + channels), convolved);
      keep(convolved, this.convolved, token * channels);
      const mapped = numbers(x + B + C);
      const act = part(mapped, 0, x);
      copyNumbers(part(convolved, 0, x), act);
      siluOf(act);
      keep(act, this.act, token * x);
      let from = part(convolved, x, channels);
      let steps = part(row, projected - heads, projected);
      if (xProj) {
        const chosen = numbers(selected);
        xProj.product(act, chosen);
        keep(chosen, this.chosen, token * selected);
        [from, steps] = [part(chosen, 0, B + C), part(chosen, B + C, selected)];
      }
      copyNumbers(from, part(mapped, x, x + B + C));
      feature(part(mapped, x, x + B + C));
      this.mapped.push(mapped);
      const ofHeads = numbers(heads);
      copyNumbers(steps, ofHeads);
      this.steps.push(ofHeads);
    }
  }

  /** A token's projected numbers, as they were. */
  #rowOf(token: number): Numbers {
    const { projected } = this.dims;
    return asNumbers(this.frame.row, token * projected, projected);
  }

  #gateAndNorm(y: Numbers, z: Numbers): void {
    const weight = this.frame.read("normWeight");
    const { heads, headDim, groups } = this.dims;
    const size = (heads * headDim) / (this.settings.normGroups || groups);
    if (!weight || !this.settings.normBeforeGate) gateBy(y, z);
    if (weight) normOf(y, size, weight, this.settings.eps);
    if (weight && this.settings.normBeforeGate) gateBy(y, z);
  }
}
