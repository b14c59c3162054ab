/** Numbers that several commands take as flags. */
import { InvalidArgumentError } from "commander";
import { LARGEST_SEED, MOST_CASES } from "../../suites/verify/token.js";

export function casesFlag(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > MOST_CASES)
    throw new InvalidArgumentError(`it takes a whole number of at least 1 and at most ${MOST_CASES}.`);
  return value;
}

export function seedFlag(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > LARGEST_SEED)
    throw new InvalidArgumentError("it takes a whole number from 0 to 2147483647.");
  return value;
}
