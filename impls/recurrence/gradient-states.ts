/** States of a recurrence for a walk backwards: kept at borders of segments, walked again within one. */

/** The arrays of one token's state, e.g. S alone, or S and its error recurrences. */
export type States = readonly Float64Array[];

/** About the root of the length: as many borders as there are tokens between two of them. */
export function segmentLength(length: number): number {
  return Math.max(8, Math.ceil(Math.sqrt(length)));
}

/** Copies of states by place; the memory is that of `places` of them. */
export class KeptStates {
  readonly #kept: Float64Array[];
  /** Of each place, made when it is first asked for: a walk asks for few places many times. */
  readonly #views: Float64Array[][] = [];

  constructor(
    places: number,
    private readonly states: States,
  ) {
    this.#kept = states.map((state) => new Float64Array(places * state.length));
  }

  get bytes(): number {
    return this.#kept.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  keep(place: number): void {
    const views = this.at(place);
    for (let i = 0; i < views.length; i++) views[i].set(this.states[i]);
  }

  /** Puts the states back that were kept. */
  restore(place: number): void {
    const views = this.at(place);
    for (let i = 0; i < views.length; i++) this.states[i].set(views[i]);
  }

  /** Views of what was kept: the i-th array of a place. */
  at(place: number): Float64Array[] {
    this.#views[place] ??= this.states.map((_, i) => this.#at(i, place));
    return this.#views[place];
  }

  #at(i: number, place: number): Float64Array {
    const { length } = this.states[i];
    return this.#kept[i].subarray(place * length, (place + 1) * length);
  }
}

/**
 * Walks the tokens forwards, then backwards in segments whose states are computed again.
 * @param live the state before the first token; changed
 * @param advance takes `live` past a token
 * @param visit called for t from last to first, with the states before and after it
 */
export function thereAndBack<S extends States>(walk: {
  readonly length: number;
  readonly segment: number;
  readonly live: S;
  advance(t: number): void;
  atEnd(final: S): void;
  visit(t: number, before: S, after: S): void;
}): void {
  const { length, segment, live } = walk;
  const borders = new KeptStates(Math.ceil(length / segment), live);
  const within = new KeptStates(Math.min(segment, length) + 1, live);
  for (let t = 0; t < length; t++) {
    if (t % segment === 0) borders.keep(t / segment);
    walk.advance(t);
  }
  walk.atEnd(live);
  for (let k = Math.ceil(length / segment) - 1; k >= 0; k--) {
    const first = k * segment;
    const size = Math.min(segment, length - first);
    borders.restore(k);
    for (let i = 0; i < size; i++) {
      within.keep(i);
      walk.advance(first + i);
    }
    within.keep(size);
    for (let i = size - 1; i >= 0; i--)
      walk.visit(first + i, within.at(i) as unknown as S, within.at(i + 1) as unknown as S);
  }
}
