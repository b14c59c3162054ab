/** Stages of a block backward as native kernels: each takes cotangents of what a stage has made, and leaves those of what it was given. */
import type { NativeRoom } from "../../../engines/native/room.js";
import type { NativeEngine, PartPlan } from "../../../engines/native.js";
import type { AnyOperator, Problem } from "../../../operator.js";
import type { MapFunction } from "../../functions.js";
import { type BlockRoom, behind, Stages } from "../stages.js";

/** What is in front of a block or behind it, cut into parts that lie apart: where one lies, and how many numbers of a token it has. */
export interface Part {
  readonly at: number;
  readonly size: number;
}

/** Rows of a task, and tokens of one. */
const SPAN = 64;

/** The part of a gradient's room that its block works in. */
export function blockRoom<Op extends AnyOperator>(
  room: NativeRoom<AnyOperator>,
  problem: Problem<Op>,
): BlockRoom<Op> {
  const { batch, length, modelDim } = problem.dims as Readonly<Record<string, number>>;
  return {
    problem,
    // what a gradient does not know of a block is absent; its output is made where nobody asks for it too
    address: {
      ...{ initialConv: 0, initialState: 0, documents: 0 },
      ...room.address,
      Y: room.address.Y || room.reserve(4 * batch * length * modelDim),
    },
    reserve: (bytes) => room.reserve(bytes),
    floats: (count, fill) => room.floats(count, fill),
    madeOf: (from, count, make) => room.madeOf(from, count, make),
  };
}

export class GradientStages<Op extends AnyOperator> extends Stages<Op> {
  /** Plans of the way forward; those behind them are the way back. */
  #forward = 0;

  /** @param to places of the gradients by name, 0 for those that a problem has not. @param dY of the block's output */
  constructor(
    engine: NativeEngine,
    room: BlockRoom<Op>,
    threads: number,
    readonly to: Readonly<Record<string, number>>,
    readonly dY: number,
  ) {
    super(engine, room, threads);
  }

  /** Between the last stage forward and the first one back. */
  turnBack(): void {
    this.#forward = this.plans.length;
  }

  /** Both ways. */
  get ways(): { readonly forward: readonly PartPlan[]; readonly backward: readonly PartPlan[] } {
    return { forward: this.plans.slice(0, this.#forward), backward: this.plans.slice(this.#forward) };
  }

  /** Cotangents of what was multiplied: from (tokens, terms) with a weight of `terms` rows. @param to.size columns of it */
  through(
    from: Part,
    weights: number,
    to: Part,
    of: { readonly rowW?: number; readonly adds?: boolean } = {},
  ): void {
    const shape = { columns: to.size, terms: from.size, turnedW: true };
    this.product({
      from: from.at,
      weights,
      to: to.at,
      ...shape,
      rowW: of.rowW ?? to.size,
      adds: of.adds ?? false,
    });
  }

  /** Gradient of a weight (from.size, met.size): of what came out of it, with what met it. @param rowC floats of a row of the weight */
  weight(from: Part, met: Part, to: number, rowC = met.size): void {
    this.product({
      ...{ from: from.at, turned: { rows: from.size, rowFloats: from.size } },
      ...{ weights: met.at, turnedW: true, rowW: met.size },
      ...{ to, rowC, columns: met.size, terms: this.tokens },
    });
  }

  /** Sums over the middle axis of three. */
  sums(from: number, to: number, outer: number, count: number, columns: number): void {
    this.part(
      {
        kernel: new URL("./sums.c", import.meta.url),
        values: { outer, count, columns },
        threads: this.threads,
        scratchBytes: 0,
      },
      { X: from, Y: to },
      {},
    );
  }

  /** What comes back of a map of single numbers, `columns` a token. @param from what it was given. @param rowX of a token in `from` */
  slope(
    function_: MapFunction,
    from: number,
    back: number,
    to: number,
    columns: number,
    rows: Rows = {},
  ): void {
    this.map({ from, to, rows: this.tokens, columns, function: function_, times: back, ...rows });
  }

  /** Of y = silu(gate) up: cotangents of both. */
  gate(columns: number, back: number, of: Gated, to: Gated): void {
    const shape = { rows: this.tokens, columns, times: back };
    this.map({ ...shape, from: of.gate, to: to.gate, function: "siluSlope", gated: of.up });
    this.map({ ...shape, from: of.gate, to: to.up, function: "silu" });
  }

  /** Of the projection behind, whose inputs lie in some parts: their cotangents, and the gradients of weight and bias. */
  unfinish(parts: readonly Part[]): readonly Part[] {
    const { address, problem } = this.room;
    const { modelDim, inner } = problem.dims as Readonly<Record<string, number>>;
    const back = { at: this.dY, size: modelDim };
    let first = 0;
    const cotangents = parts.map((met) => {
      const to = { at: this.perToken(met.size), size: met.size };
      this.through(back, behind(address.outProj, first), to, { rowW: inner });
      this.weight(back, met, behind(this.to.doutProj, first), inner);
      first += met.size;
      return to;
    });
    if (this.to.doutBias) this.sums(this.dY, this.to.doutBias, 1, this.tokens, modelDim);
    return cotangents;
  }

  /** Of the projection and the norm in front. @param parts cotangents of projected rows, in their order. @param v what was projected */
  unproject(parts: readonly Part[], v: number): void {
    const { address, problem } = this.room;
    const { modelDim } = problem.dims as Readonly<Record<string, number>>;
    const isLayer = address.preNorm !== 0;
    const to = { at: isLayer ? this.perToken(modelDim) : this.to.du, size: modelDim };
    let first = 0;
    for (const part of parts) {
      this.through(part, behind(address.inProj, first * modelDim), to, { adds: first > 0 });
      this.weight(part, { at: v, size: modelDim }, behind(this.to.dinProj, first * modelDim));
      if (this.to.dinBias) this.sums(part.at, behind(this.to.dinBias, first), 1, this.tokens, part.size);
      first += part.size;
    }
    if (!isLayer) return;
    const places = { X: address.u, weight: address.preNorm, z: 0, dY: to.at, plus: this.dY };
    this.norm({ ...places, dX: this.to.du, dz: 0, dweight: this.to.dpreNorm }, modelDim, modelDim, false);
  }

  /** Of the gated norm. @param size numbers that are normed together */
  norm(address: NormPlaces, channels: number, size: number, normBeforeGate: boolean): void {
    const { tokens: rows, threads } = this;
    const values = { rows, channels, size, normBeforeGate: normBeforeGate ? 1 : 0 };
    const eps = this.room.problem.settings.eps as number;
    const parts = this.room.reserve(4 * Math.ceil(rows / SPAN) * channels);
    this.part(
      {
        kernel: new URL("./norm.c", import.meta.url),
        values: { ...values, eps, span: SPAN, parts },
        threads,
        scratchBytes: 4 * 2 * size,
      },
      { ...address },
      {},
    );
  }

  /** Of the short convolution: X its inputs, dY what comes back of its outputs. */
  convolution(X: number, dY: number, dX: number, channels: number, width: number): void {
    const { room, threads, to } = this;
    const { batch, length } = room.problem.dims as Readonly<Record<string, number>>;
    const parts = room.reserve(4 * batch * Math.ceil(length / SPAN) * (width + 1) * channels);
    this.part(
      {
        kernel: new URL("./convolution.c", import.meta.url),
        values: { batch, length, channels, width, span: SPAN, parts },
        threads,
        scratchBytes: 4 * width * channels,
      },
      { X, weight: room.address.convWeight, dY, dX, dweight: to.dconvWeight, dbias: to.dconvBias },
      {},
    );
  }
}

type Rows = Readonly<Partial<Record<"rowX" | "rowY", number>>>;
type Gated = Readonly<Record<"gate" | "up", number>>;
type NormPlaces = Readonly<Record<"X" | "weight" | "z" | "dY" | "plus" | "dX" | "dz" | "dweight", number>>;
