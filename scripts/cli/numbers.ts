/** Numbers that several commands take as flags. */
import { InvalidArgumentError } from "commander";
import { LARGEST_SEED } from "../../suites/verify/token.js";

/** Weeks of them; a number beyond it is a slip of the hand. */
const LARGEST = 1e9;

/** A whole number from 1 to so many. */
const countFlag = (most: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    throw new InvalidArgumentError(`it takes a whole number of at least 1 and at most ${most}.`);
  return value;
};

export const casesFlag = countFlag(LARGEST);
export const shapesFlag = countFlag(1000);
/** Seconds, an hour at most. */
export const deadlineFlag = countFlag(3600);

export interface Share {
  /** From 1 on. */
  readonly index: number;
  readonly count: number;
}

/** The i-th of n parts of a whole. */
export function shareFlag(text: string): Share {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || index < 1 || index > count)
    throw new InvalidArgumentError(`Needs I/N with 1 <= I <= N, as in 1/4, got "${text}"`);
  return { index, count };
}

export function seedFlag(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > LARGEST_SEED)
    throw new InvalidArgumentError("it takes a whole number from 0 to 2147483647.");
  return value;
}
