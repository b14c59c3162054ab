/** What a task gives to a model. */

/** Sequences side by side. */
export interface Examples {
  readonly count: number;
  readonly length: number;
  /** (count, length) */
  readonly tokens: Int32Array;
  /** (count, length): the class that is asked for behind a token, or -1 where nothing is asked. */
  readonly targets: Int32Array;
}

/** A place in the endless list of a task's examples from which on they test: no example is on both sides. */
export const FIRST_TEST = 0x80000000;

export interface Task {
  readonly vocabulary: number;
  readonly length: number;
  /** Examples `first`, `first + 1`, ... of a seed: a function of these numbers alone. @param stage of training, from 0 to below 1 */
  examples(seed: number, first: number, count: number, stage: number): Examples;
}
