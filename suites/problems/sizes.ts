/** Sizes and kinds with a taste: the awkward ones often, all others sometimes, shrinking to the smallest that still fails. */
import * as fc from "fast-check";

class Sizes extends fc.Arbitrary<number> {
  constructor(
    private readonly max: number,
    private readonly tastes: readonly number[],
  ) {
    super();
  }

  /** Six of ten are a taste, three small ones or log-uniform, one uniform. */
  override generate(random: fc.Random): fc.Value<number> {
    const kind = random.nextInt(0, 9);
    let size: number;
    if (kind < 6) size = this.tastes[random.nextInt(0, this.tastes.length - 1)];
    else if (kind < 9) size = Math.floor(2 ** (random.nextDouble() * Math.log2(this.max + 1)));
    else size = random.nextInt(1, this.max);
    return new fc.Value(Math.min(Math.max(size, 1), this.max), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is number {
    return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= this.max;
  }

  /** 1, then tastes, then ever closer to the value: the first that fails is taken and shrunk again. */
  override shrink(value: number): fc.Stream<fc.Value<number>> {
    const smaller = new Set([1, 2, 3, ...this.tastes]);
    for (let gap = Math.floor(value / 2); gap >= 1; gap = Math.floor(gap / 2)) smaller.add(value - gap);
    const candidates = [...smaller].filter((size) => size < value).sort((a, b) => a - b);
    return fc.stream(candidates.map((size) => new fc.Value(size, undefined)).values());
  }
}

export function sizes(max: number, tastes: readonly number[]): fc.Arbitrary<number> {
  return new Sizes(max, tastes);
}

class Pick<T> extends fc.Arbitrary<T> {
  constructor(
    private readonly kinds: readonly T[],
    private readonly often: readonly T[],
  ) {
    super();
  }

  override generate(random: fc.Random): fc.Value<T> {
    const from = random.nextInt(0, 2) > 0 ? this.often : this.kinds;
    return new fc.Value(from[random.nextInt(0, from.length - 1)], undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is T {
    return this.kinds.includes(value as T);
  }

  override shrink(value: T): fc.Stream<fc.Value<T>> {
    const simpler = this.kinds.slice(0, this.kinds.indexOf(value));
    return fc.stream(simpler.map((kind) => new fc.Value(kind, undefined)).values());
  }
}

/** One of the kinds, simplest first, two of three times one of the frequent ones; shrinks to the simplest that still fails. */
export function pick<const T>(kinds: readonly T[], often: readonly T[]): fc.Arbitrary<T> {
  return new Pick(kinds, often);
}
