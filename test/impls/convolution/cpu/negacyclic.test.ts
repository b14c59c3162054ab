/** The transform modulo x^n - i against the evaluation of the polynomial at its roots. */
import { describe, expect, it } from "vitest";
import { forward, inverse, twiddles } from "../../../../impls/convolution/cpu/negacyclic.js";
import { hashAt, signed, streamKeys } from "../../../../impls/random.js";

const keys = streamKeys(1, "coefficients");
const random = (n: number, row: number) =>
  Float32Array.from({ length: n }, (_, i) => signed(hashAt(keys, row, i), 24));

describe.each([1, 2, 4, 8, 16, 32])("transform of %d coefficients", (n) => {
  it("gives the values at all roots of x^n = i", () => {
    const [re, im] = [random(n, 0), random(n, 1)];
    const values = Array.from({ length: n }, (_, k) => {
      let [x, y] = [0, 0];
      for (let j = 0; j < n; j++) {
        const angle = (Math.PI * (1 / 2 + 2 * k) * j) / n;
        x += re[j] * Math.cos(angle) - im[j] * Math.sin(angle);
        y += re[j] * Math.sin(angle) + im[j] * Math.cos(angle);
      }
      return [x, y];
    });
    forward(re, im, twiddles(n));
    // each value is met by exactly one output, whatever their order
    for (let i = 0; i < n; i++) {
      const found = values.findIndex(([x, y]) => Math.hypot(x - re[i], y - im[i]) < 1e-5 * n);
      expect(found).toBeGreaterThanOrEqual(0);
      values.splice(found, 1);
    }
  });

  it("comes back n times as large", () => {
    const [re, im] = [random(n, 2), random(n, 3)];
    const [wantedRe, wantedIm] = [re.slice(), im.slice()];
    forward(re, im, twiddles(n));
    inverse(re, im, twiddles(n));
    for (let i = 0; i < n; i++) {
      expect(re[i] / n).toBeCloseTo(wantedRe[i], 5);
      expect(im[i] / n).toBeCloseTo(wantedIm[i], 5);
    }
  });
});
