/** Section 7: the architecture around SSD. Head patterns are groupings, feature maps act on B and C alone. */
import fc from "fast-check";
import { givenProblem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/operator.js";
import { type Generators, generators, semiseparable } from "./cases.js";
import { ssdProblem, ssmMatrix, worstRatio } from "./dense.js";
import type { FormName } from "./forms.js";
import { product } from "./matrices.js";
import { type AnyStatement, defineStatement } from "./statement.js";

/** Which of X, B and C all heads share; the decays are every head's own. */
const PATTERNS = {
  "multi-head": [],
  "multi-query": ["X", "B"],
  "multi-key": ["X", "C"],
  // Mamba's: B and C are one group
  "multi-value": ["B", "C"],
} as const satisfies Readonly<Record<string, readonly ("X" | "B" | "C")[]>>;
type Pattern = keyof typeof PATTERNS;

export const headPatterns = defineStatement({
  name: "head-patterns",
  section: "7.2",
  says: "Multi-head, multi-query, multi-key and multi-value (Mamba's) SSMs are heads of their own that share tensors",
  of: ["ssd/chunked"],
  cases: () =>
    fc.record({
      example: semiseparable({ length: 20 }),
      heads: fc.integer({ min: 1, max: 4 }),
      pattern: fc.constantFrom(...(Object.keys(PATTERNS) as Pattern[])),
    }),
  async ratio({ example, heads, pattern }, { run }) {
    const { length, state, channels } = example;
    const shared: readonly string[] = PATTERNS[pattern];
    const each = Array.from({ length: heads }, (_, h): Generators => {
      const [own, first] = [generators(example, String(h)), generators(example, "0")];
      const of = (name: "X" | "B" | "C") => (shared.includes(name) ? first : own)[name];
      return { logA: own.logA, a: own.a, X: of("X"), B: of("B"), C: of("C") };
    });
    // (token, head or group, column)
    const interleaved = (name: "logA" | "X" | "B" | "C", columns: number, count = heads) =>
      Float64Array.from({ length: length * count * columns }, (_, i) => {
        const [t, h, column] = [
          Math.floor(i / (count * columns)),
          Math.floor(i / columns) % count,
          i % columns,
        ];
        return each[h][name][t * columns + column];
      });
    const groups = pattern === "multi-value" ? 1 : heads;
    const problem = givenProblem(ssd, {
      dims: { batch: 1, length, heads, groups, headDim: channels, state },
      inputs: {
        X: interleaved("X", channels),
        logA: interleaved("logA", 1),
        B: interleaved("B", state, groups),
        C: interleaved("C", state, groups),
      },
    });
    const alone = each.map(
      (own) => product(ssmMatrix(own), { rows: length, columns: channels, data: own.X }).data,
    );
    const wanted = Float64Array.from({ length: length * heads * channels }, (_, i) => {
      const [t, h, p] = [Math.floor(i / (heads * channels)), Math.floor(i / channels) % heads, i % channels];
      return alone[h][t * channels + p];
    });
    return worstRatio(await run("ssd/chunked", problem, { chunk: 8 }), "Y", wanted);
  },
});

/** psi of the kernel trick, applied to a row of B or C. */
const FEATURE_MAPS: Readonly<Record<string, (row: readonly number[]) => number[]>> = {
  swish: (row) => row.map((v) => v / (1 + Math.exp(-v))),
  relu: (row) => row.map((v) => Math.max(0, v)),
  "elu+1": (row) => row.map((v) => (v > 0 ? v + 1 : Math.exp(v))),
  // all products of two: a state of N^2 columns
  squared: (row) => row.flatMap((v) => row.map((w) => v * w)),
};

const FORMS_OF_SSD = ["ssd/recurrent", "ssd/quadratic", "ssd/chunked"] as const satisfies readonly FormName[];

export const featureMaps = defineStatement({
  name: "feature-maps",
  section: "7.3; 4.2",
  says: "A feature map on B and C commutes with the form: all forms compute kernel attention with its kernel",
  of: FORMS_OF_SSD,
  cases: () =>
    fc.record({
      example: semiseparable({ length: 20, state: 4 }).map((one) => ({ ...one, scaleB: 0 })),
      map: fc.constantFrom(...Object.keys(FEATURE_MAPS)),
      form: fc.constantFrom(...FORMS_OF_SSD),
    }),
  async ratio({ example, map, form }, { run }) {
    const { length, state, channels } = example;
    const given = generators(example);
    const mapped = (data: Float64Array) =>
      Float64Array.from(
        Array.from({ length }, (_, t) => [...data.subarray(t * state, (t + 1) * state)]).flatMap(
          FEATURE_MAPS[map],
        ),
        Math.fround,
      );
    const psi = { ...given, B: mapped(given.B), C: mapped(given.C) };
    const Y = product(ssmMatrix(psi), { rows: length, columns: channels, data: given.X }).data;
    const options = form === "ssd/chunked" ? { chunk: 8 } : {};
    return worstRatio(await run(form, ssdProblem(psi, given.X), options), "Y", Y);
  },
});

export const section7: readonly AnyStatement[] = [headPatterns, featureMaps];
