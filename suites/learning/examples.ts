/** What a task gives to a model: sequences side by side. */
export interface Examples {
  readonly count: number;
  readonly length: number;
  /** (count, length) */
  readonly tokens: Int32Array;
  /** (count, length): the class that is asked for behind a token, or -1 where nothing is asked. */
  readonly targets: Int32Array;
}
