/** How walks over tokens are cut for a card. */
import { describe, expect, it } from "vitest";
import { cutFor, MOST_STATE, roomBytes, type Walked } from "../../../../impls/recurrence/cuda/plan.js";

const H100 = { multiprocessors: 132, sharedBytes: 232_448 };
const A100 = { multiprocessors: 108, sharedBytes: 166_912 };
const figure = { batch: 1, length: 4096, heads: 16, groups: 1, headDim: 64, state: 64 };
const walked = (dims: Partial<typeof figure> = {}): Walked => ({
  dims: { ...figure, ...dims },
  ...{ constantB: false, constantC: false, documents: false, gated: false },
});
const warps = ({ dims }: Walked, { columns, channels }: { columns: number; channels: number }) =>
  dims.batch *
  Math.ceil((dims.heads * dims.headDim) / (8 * channels)) *
  Math.ceil(dims.state / (4 * columns));

describe("a cut", () => {
  it("walks once where that gives nearly two warps a scheduler, with as many columns a thread as leave them", () => {
    for (const [state, batch, columns] of [
      [64, 1, 2],
      [128, 1, 4],
      [256, 1, 8],
      [64, 8, 8],
    ]) {
      const cut = cutFor(walked({ state, batch }), H100, false);
      expect(cut, `state ${state} batch ${batch}`).toMatchObject({ segments: 1, columns });
      expect(warps(walked({ state, batch }), cut)).toBeGreaterThanOrEqual(7.5 * 132);
    }
  });

  it("cuts time where elements of the state are too few, and where it is asked to", () => {
    expect(cutFor(walked({ state: 16 }), H100, false)).toMatchObject({ segments: 16, columns: 4 });
    expect(cutFor(walked({ heads: 1, state: 16 }), H100, false).segments).toBe(32);
    expect(cutFor(walked({ batch: 64 }), H100, true).segments).toBe(2);
  });

  it("cuts no sequence that is too short for it", () => {
    expect(cutFor(walked({ heads: 1, length: 200 }), H100, false)).toMatchObject({ segments: 1, columns: 1 });
  });

  it("has four columns a lane of four, and holds what it stages", () => {
    for (const card of [H100, A100])
      for (const state of [1, 5, 16, 24, 64, 200, 256, 600, MOST_STATE])
        for (const length of [1, 7, 4096])
          for (const split of [false, true]) {
            const one = { ...walked({ state, length }), gated: true, documents: true };
            const cut = cutFor(one, card, split);
            expect(4 * cut.columns * cut.stateWarps).toBeGreaterThanOrEqual(state);
            expect(32 * cut.stateWarps * cut.octets).toBeLessThanOrEqual(1024);
            expect(cut.tokens % 4).toBe(0);
            expect(roomBytes(one, cut, true), `state ${state}`).toBeLessThanOrEqual(card.sharedBytes);
          }
  });
});
