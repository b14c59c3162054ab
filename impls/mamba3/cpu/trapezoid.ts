/** Weights of the trapezoid on the host: what a token counts at its own time, and what it counts from the next one on. */
import type { Inputs, Problem } from "../../operator.js";
import type { Mamba3 } from "../operator.js";

export interface Trapezoid {
  /** lambda dt of a token (flat index into batch length heads): its weight in its own output. */
  own(token: number): number;
  /** (1 - lambda) dt: what a token adds of the one before it. */
  late(token: number): number;
}

export function trapezoid({ dt, trap }: Inputs<Mamba3>): Trapezoid {
  return {
    own: (token) => dt[token] / (1 + Math.exp(-trap[token])),
    // 1 - lambda would cancel
    late: (token) => dt[token] / (1 + Math.exp(trap[token])),
  };
}

/**
 * A token's weight in all later outputs: its own, and what the next token adds of it. At the end of a sequence nothing is added: the token
 * is handed on as finalK and finalV.
 */
export function laterWeight({ own, late }: Trapezoid, { dims }: Problem<Mamba3>, token: number): number {
  const { length, heads } = dims;
  const isLast = Math.floor(token / heads) % length === length - 1;
  return own(token) + (isLast ? 0 : late(token + heads));
}
