/** The exponentials of the C kernels: the bound of native/README.md worked out from their constants, and what every width really errs. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { findCompiler } from "../../../impls/engines/native/compiler.js";
import { argumentBlock } from "../../../impls/engines/native/fields.js";
import { type Isa, type Library, loadLibrary } from "../../../impls/engines/native/library.js";
import { type NativeEngine, open } from "../../../impls/engines/native.js";
import { orReason } from "../../or-reason.js";

const U = 2 ** -24;
/** README.md: units of U relative to the result; how far systematic errors of weak decays may be from 0, in units times |x|. */
const STATED: Readonly<Record<Isa, { error: number; systematic: number }>> = {
  avx512: { error: 1.95, systematic: 4 },
  avx2: { error: 1.8, systematic: 4 },
  neon: { error: 2.9, systematic: 4 },
};

const source = readFileSync(new URL("../../../impls/engines/native/exp.h", import.meta.url), "utf8");

/** 0x1.8p-3f as C has it. */
function hexFloat(text: string): number {
  const [, whole, digits, exponent] = /^0x(1)\.?([0-9a-f]*)p(-?\d+)f$/.exec(text.trim())!;
  return (
    (Number(whole) + (digits ? Number.parseInt(digits, 16) / 16 ** digits.length : 0)) * 2 ** Number(exponent)
  );
}

/** Coefficients and table of each width, as exp.h has them. */
const constants = (["avx512", "avx2", "neon"] as const).map((isa, i) => {
  const stepsLog2 = Number([...source.matchAll(/STEPS_LOG2 = (\d)/g)][i][1]);
  const power = [...source.matchAll(/POWER\[\] = \{([^}]*)\}/g)][i][1].split(",").map(hexFloat);
  const table = [...source.matchAll(/const Bits table = \{([^}]*)\}/g)][i]?.[1] ?? "STEP(0, 0x3f800000)";
  const bits = new Uint32Array([...table.matchAll(/0x[0-9a-f]{8}/g)].map(([text]) => Number(text)));
  return { isa, steps: 2 ** stepsLog2, power: [1, ...power], factors: [...new Float32Array(bits.buffer)] };
});

/** The largest |p(f) / 2^f - 1| for |f| <= half: a fine grid, and what the slope allows between its points. */
function truncation(power: readonly number[], half: number): number {
  const points = 4096;
  const polynomial = (f: number) => power.reduceRight((sum, c) => sum * f + c, 0);
  let worst = 0;
  for (let i = -points; i <= points; i++)
    worst = Math.max(worst, Math.abs(polynomial((i / points) * half) / 2 ** ((i / points) * half) - 1));
  // the slope of p(f) 2^-f is (p' - ln 2 p) 2^-f
  const slope = power.reduce(
    (sum, c, k) => sum + Math.abs((k + 1) * (power[k + 1] ?? 0) - Math.LN2 * c) * half ** k,
    0,
  );
  return worst + (half / points / 2) * slope * 2 ** half;
}

describe.each(constants)("by its constants, on $isa", ({ isa, steps, power, factors }) => {
  // a fraction may pass half a step by the rounding of t
  const half = (0.5 / steps) * (1 + 2 ** -10);
  const ofFactor = factors.map((factor, j) => factor / 2 ** (j / steps) - 1);

  it("errs by no more than is stated", () => {
    expect(factors).toHaveLength(steps);
    // 2^f - 1 relative to 2^f, at most this: its last product and the one before round at full size, earlier ones at their share
    const distance = 2 ** half - 1;
    const horner = distance * (2 + half);
    // what is left of x log2(e) is rounded twice
    const argument = 2 * half * Math.LN2;
    const worst = (Math.max(...ofFactor.map(Math.abs)) + truncation(power, half)) / U + horner + argument + 1;
    expect(worst).toBeLessThan(STATED[isa].error);
    expect(worst).toBeGreaterThan(1);
  });

  it("has weak decays that err by a part of their distance from 1, whichever way their roundings fall", () => {
    const { systematic } = STATED[isa];
    for (const [j, error] of ofFactor.entries()) {
      // the weakest decay that this factor is taken for
      const octaves = j === 0 ? 1 - 0.5 / steps : (steps - j - 0.5) / steps;
      expect(Math.abs(error) / U).toBeLessThan(systematic * Math.LN2 * octaves);
    }
    for (let octave = 0.5 / steps; octave > 2 ** -20; octave /= 2)
      expect(truncation(power, octave) / U).toBeLessThan(systematic * Math.LN2 * octave);
  });
});

const opened: NativeEngine[] = [];
for (const isa of [undefined, "avx2"]) {
  const engine = await orReason(isa ? `native ${isa}` : "native", () => open(isa));
  if (engine && !opened.some((other) => other.isa === engine.isa)) opened.push(engine);
}
afterAll(async () => {
  for (const engine of opened) await engine.close();
});

/** In the order of native/exp.c. */
const FUNCTIONS = ["exp", "exp2", "exp2Within", "softplus", "silu"] as const;

function evaluate(library: Library, name: (typeof FUNCTIONS)[number], x: Float32Array): Float32Array {
  const from = new Float32Array(Math.ceil(x.length / 16) * 16);
  from.set(x);
  const to = new Float32Array(from.length);
  const address = (values: Float32Array) => Number(library.address_of(new Uint8Array(values.buffer)));
  library.run(
    argumentBlock(
      library.fields,
      { from: address(from), to: address(to), function: FUNCTIONS.indexOf(name), count: from.length },
      0n,
    ),
  );
  return to.subarray(0, x.length);
}

/** Every `stride`th float of a sign between two sizes. */
function floats(from: number, to: number, sign: number, stride: number): Float32Array {
  const bits = new Uint32Array(new Float32Array([from, to]).buffer);
  const x = new Uint32Array(Math.floor((bits[1] - bits[0]) / stride));
  for (let i = 0; i < x.length; i++) x[i] = bits[0] + i * stride;
  return new Float32Array(x.buffer).map((value) => sign * value);
}

describe.runIf(opened.length > 0).each(opened.map(({ isa }) => ({ isa })))(
  "as it runs, on $isa",
  ({ isa }) => {
    const loaded = loadLibrary(findCompiler(), new URL("./native/exp.c", import.meta.url), isa);
    const exact = { exp: Math.exp, exp2: (t: number) => 2 ** t, exp2Within: (t: number) => 2 ** t };

    it.each(["exp", "exp2", "exp2Within"] as const)(
      "%s stays within the bound, for strong and weak decays and growth",
      async (name) => {
        const library = await loaded;
        for (const sign of [-1, 1]) {
          const x = floats(2 ** -30, name === "exp" ? 86 : 124, sign, 997);
          const y = evaluate(library, name, x);
          const worst = x.reduce((most, _, i) => Math.max(most, Math.abs(y[i] / exact[name](x[i]) - 1)), 0);
          expect(worst / U).toBeLessThan(STATED[isa].error);
          expect(worst / U).toBeGreaterThan(0.5);
        }
      },
    );

    it("keeps 4,096 weak decays together: their errors do not point one way", async () => {
      const library = await loaded;
      for (const size of [1e-4, 1e-3, 1e-2]) {
        const x = Float32Array.from({ length: 4096 }, (_, i) => -size * (0.5 + ((i * 0.6180339887) % 1)));
        const decays = evaluate(library, "exp", x);
        const log = decays.reduce((sum, decay) => sum + Math.log(decay), 0);
        const wanted = x.reduce((sum, value) => sum + value, 0);
        // a walk of 4,096 roundings of at most half a unit each, three deviations
        const walk = 3 * Math.sqrt(4096 / 12);
        expect(Math.abs(log - wanted) / U).toBeLessThan(walk + STATED[isa].systematic * Math.abs(wanted));
      }
    });

    it("has exact ends, and hands on what is no number", async () => {
      const library = await loaded;
      const ends = Float32Array.of(0, -0, -200, 200, -Infinity, Infinity, NaN, -3e38, 3e38);
      for (const name of ["exp", "exp2"] as const)
        expect([...evaluate(library, name, ends)]).toEqual([
          1,
          1,
          0,
          Infinity,
          0,
          Infinity,
          NaN,
          0,
          Infinity,
        ]);
      expect([...evaluate(library, "exp2Within", Float32Array.of(0, -1, 10, -127, NaN))]).toEqual([
        1,
        0.5,
        1024,
        0,
        NaN,
      ]);
      const logistic = Float32Array.of(-100, -20, -1e-3, 0, 1e-3, 20, 100);
      evaluate(library, "softplus", logistic).forEach((y, i) => {
        const wanted = Math.max(logistic[i], 0) + Math.log1p(Math.exp(-Math.abs(logistic[i])));
        expect(Math.abs(y - wanted)).toBeLessThanOrEqual(12 * U * wanted + 1e-30);
      });
      evaluate(library, "silu", logistic).forEach((y, i) => {
        const wanted = logistic[i] / (1 + Math.exp(-logistic[i]));
        expect(Math.abs(y - wanted)).toBeLessThanOrEqual(6 * U * Math.abs(wanted) + 1e-30);
      });
    });
  },
);
