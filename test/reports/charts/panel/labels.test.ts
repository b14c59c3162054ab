import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textWidth } from "../../../../reports/charts/font.js";
import { type LabelRequest, type PlacedLabel, placeLabels } from "../../../../reports/charts/panel/labels.js";

const [width, height] = [460, 330];

const request = fc
  .record({
    labelWidth: fc.integer({ min: 20, max: 170 }),
    labelHeight: fc.constantFrom(15, 27.5),
    line: fc.array(fc.tuple(fc.integer({ min: 0, max: width }), fc.integer({ min: 0, max: height })), {
      minLength: 1,
      maxLength: 11,
    }),
  })
  .map(({ labelWidth, labelHeight, line }) => ({
    width: labelWidth,
    height: labelHeight,
    line: line.toSorted((a, b) => a[0] - b[0]),
  }));

function named(requests: readonly Omit<LabelRequest, "key">[]): LabelRequest[] {
  return requests.map((one, i) => ({ ...one, key: `curve ${i}` }));
}

function overlap(a: PlacedLabel, b: PlacedLabel, sizes: Map<string, LabelRequest>): boolean {
  const [p, q] = [sizes.get(a.key)!, sizes.get(b.key)!];
  const apart = a.x + p.width <= b.x || b.x + q.width <= a.x;
  return !apart && Math.abs(a.y - b.y) < (p.height + q.height) / 2 - 1e-9;
}

describe("names at line ends", () => {
  it("never overlap and are never lost, whatever the curves", () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 14 }).map(named), (requests) => {
        const sizes = new Map(requests.map((one) => [one.key, one]));
        const placed = placeLabels(requests, width, height);
        expect(new Set(placed.map(({ key }) => key))).toEqual(new Set(sizes.keys()));
        expect(placed).toHaveLength(requests.length);
        placed.forEach((a, i) => {
          for (const b of placed.slice(i + 1))
            expect(overlap(a, b, sizes), `${a.key} and ${b.key}`).toBe(false);
        });
        for (const { where, x, y, key } of placed) {
          if (where === "inside") expect(x + sizes.get(key)!.width).toBeLessThanOrEqual(width + 2);
          else expect(x).toBeGreaterThan(width);
          expect(y).toBeGreaterThan(-8);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("stand at their ends when there is room, and in the order of the ends when there is none", () => {
    const flat = (y: number): LabelRequest => ({
      key: `${y}`,
      width: 60,
      height: 20,
      line: [
        [0, y],
        [width, y],
      ],
    });
    const [apart] = placeLabels([flat(100), flat(200)], width, height);
    expect(apart.y).toBe(100);
    const close = placeLabels([flat(102), flat(100), flat(101)], width, height);
    const order = close.toSorted((a, b) => a.y - b.y).map(({ key }) => key);
    expect(order).toEqual(["100", "101", "102"]);
  });
});

describe("text widths", () => {
  it("follow the font: narrow letters are narrow, bold is wider, size scales", () => {
    expect(textWidth("iiii", 12)).toBeLessThan(textWidth("MMMM", 12) / 2);
    expect(textWidth("Attention", 12, true)).toBeGreaterThan(textWidth("Attention", 12));
    expect(textWidth("Attention", 24)).toBeCloseTo(2 * textWidth("Attention", 12), 9);
    expect(textWidth("", 12)).toBe(0);
    // DejaVu Sans Condensed: an M is 1767 of 2048 units wide
    expect(textWidth("M", 2048)).toBeGreaterThan(1500);
    expect(textWidth("M", 2048)).toBeLessThan(2000);
  });
});
