/** The stages of a block as WebAssembly kernels: each works on places of the block's room and leaves its result in another. */
import type { Room } from "../../engines/wasm/room.js";
import type { Plan, WasmEngine } from "../../engines/wasm.js";
import type { Implementation } from "../../implementation.js";
import type { AnyOperator, Problem } from "../../operator.js";
import type { Options } from "../../prepared.js";
import { fusedWasm } from "../../rms_norm_gated/fused.wasm.js";
import { rmsNormGated } from "../../rms_norm_gated/operator.js";
import { stageProblem } from "../cpu/stage.js";
import { type ForwardFunction, FUNCTIONS } from "../functions.js";
import { featureMatrix, featureShare } from "../random-features.js";

/** In the orders of the classes in product.as.ts, map.as.ts and features.as.ts. */
const PRODUCT = [
  ...(["A", "W", "bias", "plus", "C", "panels", "rows", "columns", "terms"] as const),
  ...(["rowA", "rowW", "rowC", "adds", "span"] as const),
];
const MAP = ["X", "times", "plus", "Y", "rows", "columns", "rowX", "period", "which", "span"] as const;
const TURN = ["X", "cos", "sin", "rows", "length", "heads", "headDim", "span"] as const;
const FEATURES = ["X", "P", "Y", "rows", "state", "eps", "share", "factor", "span"] as const;

/** Bytes of a number. */
const FLOAT = 4;
/** Numbers of a task of a map. */
const NUMBERS = 1 << 14;
/** Up to so many tokens weights are read where they lie. */
const FEW = 3;
/** Bytes of a task's tokens in a product: they stay in the second cache beside a panel. */
const PACKED = 96 << 10;

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
  /** Rows in place of one for each token. */
  readonly rows?: number;
  /** Whether the sums go on from what is there. */
  readonly adds?: boolean;
  /** Added to whole sums: for each column, and for each number. */
  readonly bias?: number;
  readonly plus?: number;
}

/** Y = f(X) times or plus others, as map.as.ts has it. */
export interface Mapped {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly columns: number;
  readonly function?: ForwardFunction;
  readonly times?: number;
  readonly plus?: number;
  /** Floats of X from a row to the next: 0 where each row of `to` is made of the same one. */
  readonly rowX?: number;
  /** Numbers after which a row of X repeats. */
  readonly period?: number;
}

/** Where numbers lie behind a place; what is absent stays absent. */
export function behind(place: number, count: number): number {
  return place === 0 ? 0 : place + FLOAT * count;
}

export class WasmStages<Op extends AnyOperator> {
  readonly plans: Plan[] = [];
  readonly tokens: number;

  constructor(
    readonly engine: WasmEngine,
    readonly room: Room<Op>,
    readonly threads: number,
  ) {
    const { batch, length } = room.problem.dims as Readonly<Record<string, number>>;
    this.tokens = batch * length;
  }

  /** Room for so many numbers of each token. */
  perToken(count: number): number {
    return this.room.reserve(FLOAT * this.tokens * count);
  }

  /**
   * A part's own kernel, whose tensors lie at places of this room.
   * @param address by the part's names; tensors that are not named are absent
   */
  async part<Part extends AnyOperator>(
    impl: Implementation<Part, "wasm">,
    problem: Problem<Part>,
    address: Readonly<Record<string, number>>,
    options: Options = {},
  ): Promise<void> {
    const { room, plans } = this;
    const names = [...Object.keys(impl.operator.inputs), ...Object.keys(impl.operator.outputs)];
    const between = {
      ...this.engine,
      room: () => ({
        ...{ operator: impl.operator, problem },
        address: { ...Object.fromEntries(names.map((name) => [name, 0])), ...address },
        reserve: (bytes: number) => room.reserve(bytes),
        floats: (count: number, fill: (values: Float32Array) => void) => room.floats(count, fill),
        words: (fields: readonly string[], values: Readonly<Record<string, number>>) =>
          room.words(fields, values),
      }),
      prepared: async (_room: unknown, plan: Plan) => plans.push(plan),
    };
    await impl.prepare(between as never, problem, { threads: this.threads, ...options });
  }

  product({ from, weights, to, columns, terms, rowW = terms, adds = false, ...also }: Product): void {
    const { rows = this.tokens } = also;
    const panels = Math.ceil(columns / 8);
    const sixes = Math.max(1, Math.min(Math.ceil(rows / 6), Math.floor(PACKED / (24 * terms))));
    const isFew = rows <= FEW;
    const { address } = this.room.words(PRODUCT, {
      ...{ A: from, W: weights, C: to, bias: also.bias ?? 0, plus: also.plus ?? 0 },
      panels: isFew ? 0 : this.room.reserve(FLOAT * 8 * panels * terms),
      ...{ rows, columns, terms, adds: adds ? 1 : 0, span: 6 * sixes },
      ...{ rowA: FLOAT * terms, rowW: FLOAT * rowW, rowC: FLOAT * columns },
    });
    this.plans.push({
      kernel: new URL("./product.as.ts", import.meta.url),
      entries: ["layOut", "multiply", "few"],
      threads: this.threads,
      scratchBytes: 6 * 32 + 24 * sixes * terms,
      run(dispatch) {
        if (isFew) return dispatch("few", address, Math.ceil(columns / 32));
        dispatch("layOut", address, panels);
        dispatch("multiply", address, Math.ceil(rows / (6 * sixes)));
      },
    });
  }

  map({ from, to, rows, columns, times = 0, plus = 0, rowX, period = columns, ...of }: Mapped): void {
    const which = FUNCTIONS.indexOf(of.function ?? "copy");
    const span = Math.max(1, Math.floor(NUMBERS / columns));
    const { address } = this.room.words(MAP, {
      ...{ X: from, times, plus, Y: to, rows, columns, period, which, span },
      rowX: rowX ?? period,
    });
    this.push("map.as.ts", "map", address, rows, span);
  }

  /** Heads (tokens heads headDim) to their rotary positions, in place. @param cos and sin: tables (length headDim / 2) */
  turn(
    X: number,
    heads: number,
    headDim: number,
    tables: { readonly cos: number; readonly sin: number },
  ): void {
    const { length } = this.room.problem.dims as Readonly<Record<string, number>>;
    const span = Math.max(1, Math.floor(NUMBERS / (heads * headDim)));
    const rows = this.tokens;
    const { address } = this.room.words(TURN, { X, ...tables, rows, length, heads, headDim, span });
    this.push("map.as.ts", "turn", address, rows, span);
  }

  /** A feature map of whole rows of `state` numbers: a layer norm where there is an eps, else random features. @returns where they are */
  groupFeatures(of: {
    readonly from: number;
    readonly rows: number;
    readonly state: number;
    readonly eps?: number;
  }): number {
    const { from, rows, state, eps } = of;
    const to = this.room.reserve(FLOAT * rows * state);
    let products = 0;
    if (eps === undefined) {
      products = this.room.reserve(FLOAT * rows * state);
      const weights = this.room.floats(state * state, (values) => values.set(featureMatrix(state)));
      this.product({ from, weights, to: products, columns: state, terms: state, rows });
    }
    const span = Math.max(1, Math.floor(NUMBERS / state));
    const { address } = this.room.words(FEATURES, {
      ...{ X: from, P: products, Y: to, rows, state, span, eps: bits(eps ?? 0) },
      ...{ share: bits(featureShare(state)), factor: bits(1 / Math.sqrt(state)) },
    });
    this.push("features.as.ts", "features", address, rows, span);
    return to;
  }

  /** The norm in front of a layer, or the block's inputs as they are. @returns where its rows are */
  async front(): Promise<number> {
    const { address, problem } = this.room;
    if (!address.preNorm) return address.u;
    const { batch, length, modelDim } = problem.dims as Readonly<Record<string, number>>;
    const to = this.perToken(modelDim);
    const norm = stageProblem(rmsNormGated, {
      dims: { batch, length, heads: 1, groups: 1, headDim: modelDim },
      settings: { eps: problem.settings.eps as number },
      inputs: {},
    });
    await this.part(fusedWasm, norm, { X: address.u, weight: address.preNorm, Y: to });
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
      this.product({
        from,
        weights: behind(outProj, first),
        to,
        columns,
        terms,
        rowW: inner,
        adds: first > 0,
        ...last,
      });
      first += terms;
    }
  }

  private push(file: string, entry: string, address: number, rows: number, span: number): void {
    this.plans.push({
      kernel: KERNELS[file],
      entries: [entry],
      threads: this.threads,
      scratchBytes: 0,
      run: (dispatch) => dispatch(entry, address, Math.ceil(rows / span)),
    });
  }
}

const KERNELS: Readonly<Record<string, URL>> = {
  "map.as.ts": new URL("./map.as.ts", import.meta.url),
  "features.as.ts": new URL("./features.as.ts", import.meta.url),
};

/** Of a number as a float32, which an argument word holds. */
function bits(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0];
}
