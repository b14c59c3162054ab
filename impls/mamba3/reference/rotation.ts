/** Queries and keys of one head, biased and turned by the running angle, in float64. */
import { type Bounds, emptyBounds } from "../../bound.js";
import type { Problem } from "../../operator.js";
import type { Reader } from "../../tensor.js";

/**
 * What a sum of angles may lose, whatever a kernel accumulates in: this part of each token's turn, where a turn below LEAST radians counts
 * as that much. Part of the operator: README.md, "The angle".
 */
export const ANGLE = 2 ** -40;
const LEAST = 2 ** -8;

interface Rows {
  readonly value: Float64Array;
  /** Of n's pair, on absolute values before the turn: sqrt(x^2 + y^2); of an entry without a pair its own. */
  readonly length: Float64Array;
}

export class Rotation {
  readonly query: Rows;
  readonly key: Rows;
  /** Largest sum of |turns| of a pair so far, in radians. */
  swing = 0;
  /** In turns, in [0, 1). */
  readonly #turns: Float64Array;
  readonly #swings: Float64Array;
  readonly #inputs: Readonly<Record<"angles" | "dt" | "Q" | "K" | "biasQ" | "biasK", Reader>>;

  constructor(
    private readonly problem: Problem,
    read: (name: string) => Reader | undefined,
    batch: number,
    private readonly head: number,
    private readonly group: number,
  ) {
    const { state, pairs } = problem.dims;
    const names = ["angles", "dt", "Q", "K", "biasQ", "biasK"];
    this.#inputs = Object.fromEntries(names.map((name) => [name, read(name)!])) as never;
    const rows = () => ({ value: new Float64Array(state), length: new Float64Array(state) });
    [this.query, this.key] = [rows(), rows()];
    this.#turns = new Float64Array(pairs);
    this.#swings = new Float64Array(pairs);
    const initial = read("initialAngles");
    for (let j = 0; initial && j < pairs; j++) {
      const angle = initial.at(batch, head * pairs + j);
      this.#turns[j] = wrapped(angle / (2 * Math.PI));
      this.#swings[j] = Math.abs(angle);
    }
    this.swing = Math.max(...this.#swings);
  }

  /** One token: theta <- theta + pi tanh(angle) dt, then q and k with their biases turned by it. */
  advance(row: number): void {
    const { head, group } = this;
    const { state, pairs } = this.problem.dims;
    const { angles, dt, Q, K, biasQ, biasK } = this.#inputs;
    for (let j = 0; j < pairs; j++) {
      const half = (Math.tanh(angles.at(row, head * pairs + j)) * dt.at(row, head)) / 2;
      this.#turns[j] = wrapped(this.#turns[j] + half);
      this.#swings[j] += 2 * Math.PI * Math.abs(half) + LEAST;
      this.swing = Math.max(this.swing, this.#swings[j]);
    }
    for (const [rows, source, bias] of [
      [this.query, Q, biasQ],
      [this.key, K, biasK],
    ] as const) {
      for (let n = 0; n < state; n++) {
        const [raw, more] = [source.at(row, group * state + n), bias.at(0, head * state + n)];
        rows.value[n] = raw + more;
        rows.length[n] = Math.abs(raw) + Math.abs(more);
      }
      for (let j = 0; j < pairs; j++) turn(rows, 2 * j, 2 * Math.PI * this.#turns[j]);
    }
  }

  /** theta in radians with its bound: four roundings of 2 pi to come out of turns, and what the sum may lose. */
  angles(): Bounds {
    const { pairs } = this.problem.dims;
    const bounds = {
      ...emptyBounds(pairs),
      promised: new Float64Array(pairs),
      period: new Float64Array(pairs),
    };
    for (let j = 0; j < pairs; j++) {
      bounds.value[j] = 2 * Math.PI * this.#turns[j];
      bounds.scale[j] = bounds.period[j] = 2 * Math.PI;
      bounds.count[j] = 4;
      bounds.promised[j] = ANGLE * this.#swings[j];
    }
    return bounds;
  }

  keyBounds(roundings: number): Bounds {
    const { value, length } = this.key;
    return {
      ...emptyBounds(value.length),
      value: value.slice(),
      scale: length.slice(),
      count: length.map(() => roundings),
      floor: length.map(() => 1),
      promised: length.map((scale) => ANGLE * this.swing * scale),
    };
  }
}

function wrapped(turns: number): number {
  return turns - Math.floor(turns);
}

function turn({ value, length }: Rows, n: number, angle: number): void {
  const [x, y] = [value[n], value[n + 1]];
  value[n] = x * Math.cos(angle) - y * Math.sin(angle);
  value[n + 1] = x * Math.sin(angle) + y * Math.cos(angle);
  length[n] = length[n + 1] = Math.hypot(length[n], length[n + 1]);
}
