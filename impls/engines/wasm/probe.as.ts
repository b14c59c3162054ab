// Entry points for tests of the shared pieces.
import { exp, exp2, softplus } from "./exp.as";

export function exp2Of(from: usize, count: i32, to: usize): void {
  for (let i = 0; i < count; i += 4) v128.store(to + (<usize>i << 2), exp2(v128.load(from + (<usize>i << 2))));
}

export function expOf(from: usize, count: i32, to: usize): void {
  for (let i = 0; i < count; i += 4) v128.store(to + (<usize>i << 2), exp(v128.load(from + (<usize>i << 2))));
}

export function softplusOf(from: usize, count: i32, to: usize): void {
  for (let i = 0; i < count; i += 4) v128.store(to + (<usize>i << 2), softplus(v128.load(from + (<usize>i << 2))));
}
