/** A form, small problems for it, and what it declares of its sums. */
import type { AnyOperator, Problem } from "../../impls/operator.js";
import type { Arithmetic } from "./arithmetic.js";

/** Values of every input, by name, in C order. */
export type Drawn = Readonly<Record<string, Float64Array>>;
/** Numbers in [0, 1). */
export type Random = () => number;

export interface Subject {
  readonly name: string;
  readonly operator: AnyOperator;
  /** Shapes of the inputs: elements of each. */
  readonly sizes: Readonly<Record<string, number>>;
  problem(values: Drawn): Problem;
  /** Before it is rounded to the arithmetic's numbers. @param u its roundoff: decays next to 1 are some of it away */
  draw(name: string, random: Random, u: number): number;
  /** One sequence's outputs, C order. */
  run(arithmetic: Arithmetic, problem: Problem, values: Drawn): Readonly<Record<string, Float64Array>>;
  readonly longestSum: number;
}

export const signed = (random: Random) => 2 * random() - 1;
/** Mostly of one sign: what cuts toward zero errs most where nothing cancels. */
export const coherent = (random: Random) => random() * (random() < 0.125 ? -1 : 1);
/** Exactly 1, next to 1, moderate and strong. */
export const logDecay = (random: Random, u: number) =>
  [() => 0, () => -4 * u * random(), () => -random(), () => -40 * random()][Math.floor(4 * random())]();
