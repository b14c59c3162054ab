/** The stages of a block as native kernels: each works on places of the block's room and leaves its result in another. */
import type { Extent, Made } from "../../engines/cpu/layout.js";
import type { NativeRoom } from "../../engines/native/room.js";
import type { NativeEngine, PartPlan, Plan } from "../../engines/native.js";
import type { AnyOperator, Problem } from "../../operator.js";
import { fusedPlan } from "../../rms_norm_gated/native/plan.js";
import { FUNCTIONS, type MapFunction } from "../functions.js";
import { featureMatrix, featureShare } from "../random-features.js";

/** Rows of a weight that lie behind each other, and what becomes of them. */
export interface Product {
  /** Places of the tokens' rows, of the first row of weights, and of what comes out. */
  readonly from: number;
  readonly weights: number;
  readonly to: number;
  /** Numbers of a token that come out and that go in. */
  readonly columns: number;
  readonly terms: number;
  /** Floats of a row of weights, where they are more than `terms`. */
  readonly rowW?: number;
  /** Floats of a token, where they are more than `terms`, and of one that comes out, where they are more than `columns`. */
  readonly rowA?: number;
  readonly rowC?: number;
  /** Tokens and their terms change places: `from` is (terms, rows of so many floats), of which `rows` come out. */
  readonly turned?: { readonly rows: number; readonly rowFloats: number };
  /** The weights lie as (terms, columns), `rowW` floats from a term to the next. */
  readonly turnedW?: boolean;
  /** Rows in place of one for each token. */
  readonly rows?: number;
  /** Whether the sums go on from what is there. */
  readonly adds?: boolean;
  /** Added to whole sums: for each column, and for each number. */
  readonly bias?: number;
  readonly plus?: number;
}

/** Y = f(X) times or plus others, as map.c has it. */
export interface Mapped {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly columns: number;
  readonly function?: MapFunction;
  readonly times?: number;
  readonly gated?: number;
  readonly plus?: number;
  /** Floats of `to` from a row to the next, where they are more than its columns. */
  readonly rowY?: number;
  /** 0 where each row of `to` is made of the same one. */
  readonly rowX?: number;
  /** Numbers after which a row of X repeats. */
  readonly period?: number;
}

/** Bytes of a number. */
const FLOAT = 4;
/** Of a vector of the widest kind, twice: a panel of a product is four vectors at most. */
const PANEL = 64;
/** Rows of a product that a task takes, whole tiles of six: of many tokens, and of a weight's gradient, which are fewer. */
const RUN_OF_TOKENS = 96;
const RUN_OF_WEIGHTS = 24;

/** Where numbers lie behind a place; what is absent stays absent. */
export function behind(place: number, count: number): number {
  return place === 0 ? 0 : place + FLOAT * count;
}

/** What stages ask of a room: that of a block, or a block's part of a larger one. */
export type BlockRoom<Op extends AnyOperator> = Pick<
  NativeRoom<Op>,
  "problem" | "address" | "reserve" | "floats" | "madeOf"
>;

export class Stages<Op extends AnyOperator> {
  readonly plans: PartPlan[] = [];
  readonly tokens: number;

  constructor(
    readonly engine: NativeEngine,
    readonly room: BlockRoom<Op>,
    readonly threads: number,
  ) {
    const { batch, length } = room.problem.dims as Readonly<Record<string, number>>;
    this.tokens = batch * length;
  }

  /** Room for so many numbers of each token. */
  perToken(count: number): number {
    return this.room.reserve(FLOAT * this.tokens * count);
  }

  /** A kernel with tensors of its own names at places of this room. */
  part(plan: Plan, address: PartPlan["address"], dims: PartPlan["dims"]): void {
    this.plans.push({ ...plan, address, dims });
  }

  /** The room as a part's plans see it: a problem of theirs, whose tensors lie between two stages. */
  roomOf<Part extends AnyOperator>(problem: Problem<Part>, address: Readonly<Record<string, number>>) {
    const { room } = this;
    return {
      problem,
      address,
      reserve: (bytes: number) => room.reserve(bytes),
      floats: (count: number, fill: (values: Float32Array) => void) => room.floats(count, fill),
      madeOf: (from: Extent, count: number, make: Made["make"]) => room.madeOf(from, count, make),
    };
  }

  product({
    from,
    weights,
    to,
    columns,
    terms,
    adds = false,
    turned,
    turnedW = false,
    ...of
  }: Product): void {
    const { rowA = terms, rowC = columns, rowW = turnedW ? columns : terms, bias = 0, plus = 0 } = of;
    const lie = turned
      ? { rows: turned.rows, rowA: 1, termA: turned.rowFloats, run: RUN_OF_WEIGHTS }
      : { rows: of.rows ?? this.tokens, rowA, termA: 1, run: RUN_OF_TOKENS };
    this.part(
      {
        kernel: new URL("./product.c", import.meta.url),
        values: {
          ...{ ...lie, columns, terms, rowW, rowC, turnedW: turnedW ? 1 : 0, adds: adds ? 1 : 0 },
          panels: this.room.reserve(FLOAT * Math.ceil(columns / PANEL) * PANEL * terms),
        },
        threads: this.threads,
        scratchBytes: 0,
      },
      { A: from, W: weights, C: to, bias, plus },
      {},
    );
  }

  map({ from, to, rows, columns, rowX, period = columns, rowY = columns, ...of }: Mapped): void {
    const { times = 0, gated = 0, plus = 0 } = of;
    this.part(
      {
        kernel: new URL("./map.c", import.meta.url),
        values: {
          ...{ rows, columns, period, rowX: rowX ?? period, rowY },
          function: FUNCTIONS.indexOf(of.function ?? "copy"),
        },
        threads: this.threads,
        scratchBytes: 0,
      },
      { X: from, times, gated, plus, Y: to },
      {},
    );
  }

  /**
   * A feature map of whole rows of `state` numbers: a layer norm where there is an eps, else random features. @returns where they are
   */
  groupFeatures({
    from,
    rows,
    state,
    eps,
  }: {
    readonly from: number;
    readonly rows: number;
    readonly state: number;
    readonly eps?: number;
  }): number {
    const to = this.room.reserve(FLOAT * rows * state);
    let products = 0;
    if (eps === undefined) {
      products = this.room.reserve(FLOAT * rows * state);
      const weights = this.room.floats(state * state, (values) => values.set(featureMatrix(state)));
      this.product({ from, weights, to: products, columns: state, terms: state, rows });
    }
    this.part(
      {
        kernel: new URL("./features.c", import.meta.url),
        values: { rows, state, eps: eps ?? 0, share: featureShare(state), factor: 1 / Math.sqrt(state) },
        threads: this.threads,
        scratchBytes: 0,
      },
      { X: from, P: products, Y: to },
      {},
    );
    return to;
  }

  /** Heads (tokens heads headDim) to their rotary positions, in place. @param cos and sin: tables (length headDim / 2) */
  turn(
    X: number,
    heads: number,
    headDim: number,
    tables: { readonly cos: number; readonly sin: number },
  ): void {
    const { batch, length } = this.room.problem.dims as Readonly<Record<string, number>>;
    this.part(
      { kernel: new URL("./turn.c", import.meta.url), threads: this.threads, scratchBytes: 0 },
      { X, ...tables },
      { batch, length, heads, headDim },
    );
  }

  /** The norm in front of a layer, or the block's inputs as they are. @returns where its rows are */
  front(): number {
    const { address, problem } = this.room;
    if (!address.preNorm) return address.u;
    const { batch, length, modelDim } = problem.dims as Readonly<Record<string, number>>;
    const to = this.perToken(modelDim);
    this.part(
      fusedPlan({ normBeforeGate: false, eps: problem.settings.eps as number }, this.threads),
      { X: address.u, weight: address.preNorm, bias: 0, z: 0, Y: to },
      { batch, length, heads: 1, groups: 1, headDim: modelDim },
    );
    return to;
  }

  /** Rows `first` to `first + columns` of the projection in front. @returns where they are */
  project(from: number, first: number, columns: number, to = this.perToken(columns)): number {
    const { address, problem } = this.room;
    const terms = (problem.dims as Readonly<Record<string, number>>).modelDim;
    const bias = behind(address.inBias, first);
    this.product({ from, weights: behind(address.inProj, first * terms), to, columns, terms, bias });
    return to;
  }

  /** The projection behind, of numbers that lie in some places: Y = sum of products (+ outBias) (+ u). */
  finish(parts: readonly { readonly from: number; readonly terms: number }[]): void {
    const { address, problem } = this.room;
    const { modelDim: columns, inner } = problem.dims as Readonly<Record<string, number>>;
    const { Y: to, outProj, outBias: bias } = address;
    const plus = address.preNorm ? address.u : 0;
    let first = 0;
    for (const { from, terms } of parts) {
      const last = first + terms === inner ? { bias, plus } : {};
      const weights = behind(outProj, first);
      this.product({ from, weights, to, columns, terms, rowW: inner, adds: first > 0, ...last });
      first += terms;
    }
  }
}
