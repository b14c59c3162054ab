/** The gate's dice: coins and shuffles, a pure function of the seed. */
import { hashAt, type StreamKeys, streamKeys } from "../../../impls/random.js";

export class Order {
  private readonly keys: StreamKeys;
  private draws = 0;

  constructor(seed: number) {
    this.keys = streamKeys(seed, "gate order");
  }

  coin(): boolean {
    return hashAt(this.keys, 0, this.draws++) >>> 31 === 1;
  }

  /** 0 to count - 1 in a new order. */
  shuffled(count: number): number[] {
    const places = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = hashAt(this.keys, 1, this.draws++) % (i + 1);
      [places[i], places[j]] = [places[j], places[i]];
    }
    return places;
  }
}
