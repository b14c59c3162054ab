/** Float64 truth of the gated norm, one token and head at a time (README.md, "The bound"). */
import { emptyBounds } from "../bound.js";
import { silu, siluRoundings } from "../causal_conv1d/reference/silu.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";

/** What a flush of denormals to zero may cost, in units of the bound's eta. */
const FLUSHED = 2 ** -126 / 1e-25;
/** Roundings of 1 / sqrt(mean + eps) behind the sum of squares: a division, eps, a root and its reciprocal (WGSL: 2 to 2.5 ulp each). */
const ROOT = 12;

/** What the channels of a group share at one token. */
interface Group {
  /** 1 / sqrt(mean + eps) */
  readonly inverse: number;
  /** Its roundings in units of u, and the sum of their squares. */
  readonly count: number;
  readonly squares: number;
}

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y">> {
  const { dims, settings, dtype } = problem;
  const { length, heads, groups, headDim } = dims;
  const read = (name: string) => inputReader(operator, problem, name);
  const [X, weight, bias, z] = [read("X")!, read("weight")!, read("bias"), read("z")];
  const gateFirst = z !== undefined && !settings.normBeforeGate;
  /** What is normed. */
  const normed = (row: number, channel: number) =>
    X.at(row, channel) * (gateFirst ? silu(z.at(row, channel)) : 1);
  /** Roundings of that. */
  const roundings = (row: number, channel: number) => (gateFirst ? 1 + siluRoundings(z.at(row, channel)) : 0);
  const size = (heads / groups) * headDim;

  const groupAt = (row: number, first: number): Group => {
    let [sum, weighted] = [0, 0];
    for (let channel = first; channel < first + size; channel++) {
      const square = normed(row, channel) ** 2;
      sum += square;
      weighted += square * roundings(row, channel);
    }
    const mean = sum / size + (settings.eps as number);
    // an error of a normed value moves the root by its share of the sum
    const passed = weighted / size / mean;
    return {
      inverse: 1 / Math.sqrt(mean),
      count: passed + size / 2 + ROOT,
      squares: passed + size / 4 + ROOT,
    };
  };

  let [known, group] = ["", groupAt(0, 0)];
  for (const lane of lanes) {
    const { batch, length: t, heads: head } = laneCoordinates(operator, problem, lane);
    const row = batch * length + t;
    const first = Math.floor(head / (heads / groups)) * size;
    if (known !== `${row} ${first}`) [known, group] = [`${row} ${first}`, groupAt(row, first)];
    const Y = { ...emptyBounds(headDim), squares: new Float64Array(headDim) };
    for (let p = 0; p < headDim; p++) {
      const channel = head * headDim + p;
      const w = weight.at(0, channel);
      const b = bias ? bias.at(0, channel) : 0;
      const product = normed(row, channel) * group.inverse * w;
      const gate = z && !gateFirst ? z.at(row, channel) : undefined;
      const factor = gate === undefined ? 1 : silu(gate);
      const scale = Math.abs(product) + Math.abs(b);
      const share = scale > 0 ? Math.abs(product) / scale : 0;
      // two products, the bias, and the gate behind them
      const own = 3 + (gate === undefined ? 0 : 1 + siluRoundings(gate));
      const value = roundings(row, channel);
      Y.value[p] = (product + b) * factor;
      Y.scale[p] = scale * Math.abs(factor);
      Y.count[p] = share * (value + group.count) + own;
      Y.squares[p] = share * (value + group.squares) + own;
      // a product, a factor of the gate, or what the root multiplies may be flushed to zero
      const gated = 1 + Math.abs(z ? z.at(row, channel) : 0);
      const largest = (1 + group.inverse + scale) * (1 + Math.abs(w)) * (1 + Math.abs(factor)) * gated;
      Y.floor[p] = 4 * FLUSHED * largest + (dtype === "f16" ? 1 : 0);
    }
    yield { lane, outputs: { Y } };
  }
}
