/** Optional inputs that a problem has together or not at all. */
import type { AnyOperator } from "../../impls/operator.js";

/** The first of each is the one that generators choose. */
const TOGETHER: readonly (readonly string[])[] = [
  ["poles", "weights"],
  ["keys", "values"],
  ["initialState", "initialAngles", "initialK", "initialV"],
];

/** The input itself, and those that come with it. */
export function companionsOf({ inputs }: AnyOperator, name: string): readonly string[] {
  const group = TOGETHER.find((names) => names.includes(name) && names.every((one) => one in inputs));
  return group ?? [name];
}

/** Whether it comes along with another one. */
export function isCompanion(operator: AnyOperator, name: string): boolean {
  return companionsOf(operator, name)[0] !== name;
}
