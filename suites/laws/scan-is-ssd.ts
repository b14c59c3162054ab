import { givenProblem, type Problem } from "../../impls/operator.js";
import { decayRate } from "../../impls/random.js";
import { type SelectiveScan, selectiveScan } from "../../impls/selective_scan/operator.js";
import { type Ssd, ssd } from "../../impls/ssd/operator.js";
import { elementCount } from "../../impls/tensor.js";
import { READY, specs } from "../problems/arbitrary.js";
import { buildProblem } from "../problems/build.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import { given } from "./edit.js";
import { difference, float64Rounding } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** Each operator's implementations against the other operator's float64 reference. */
export const scanIsSsd = defineLaw({
  name: "scan-is-ssd",
  states: "a selective scan whose A is one number a head and whose step is shared by its channels is ssd",
  source: "arXiv 2405.21060, section 3.2: SSD restricts A of Mamba-1 to a scalar times the identity",
  operators: [ssd, selectiveScan],
  exact: [],
  cases: () =>
    specs(ssd, { ...READY, ordinary: true, work: 20_000, with: ["dt"] }).map((spec) => ({
      spec: { ...spec, decay: "usual" as const, alternative: [] },
    })),
  own: ({ spec }, operator, dtype) => {
    const { plain, scan } = pair(buildProblem(ssd, spec, dtype));
    return operator.name === ssd.name ? plain : scan;
  },
  async holds({ spec }, subject) {
    const { plain, scan } = pair(subject.problem(ssd, spec));
    const mine = subject.target.impl.operator.name === ssd.name;
    const [own, other] = mine ? [plain, scan] : [scan, plain];
    const { values, bounds } = await subject.run(own);
    const twin = boundArrays(truthOf(mine ? selectiveScan : ssd, other), float64Rounding(spec.dims.length));
    for (const output of ["Y", "finalState"]) {
      const found = difference({
        operator: subject.target.impl.operator,
        problem: own,
        output,
        got: values[output],
        wanted: (i) => twin[output].value[i],
        tolerance: (i) => bounds[output].certified[i] + twin[output].certified[i],
        what: `against the reference of ${mine ? "selective_scan" : "ssd"}`,
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});

const pairs = new WeakMap<Problem, { plain: Problem; scan: Problem }>();

/** The drawn problem as ssd and as a selective scan; the same two for every implementation. */
function pair(drawn: Problem<Ssd>): { plain: Problem; scan: Problem } {
  const known = pairs.get(drawn);
  if (known) return known;
  const plain = ssdProblem(drawn);
  const made = { plain, scan: scanProblem(plain) };
  pairs.set(drawn, made);
  return made;
}

/** logA = -dt * A_h with A_h a power of two: the product is exact, so that both operators see the same decay. */
function ssdProblem(problem: Problem<Ssd>): Problem<Ssd> {
  const { heads } = problem.dims;
  const dt = given(problem, "dt");
  const data = dt.data.map((step, i) => -step * decayRate(i % heads));
  return { ...problem, inputs: { ...problem.inputs, logA: { ...dt, data } } };
}

function scanProblem(problem: Problem<Ssd>): Problem<SelectiveScan> {
  const { dims, dtype, seed } = problem;
  const { heads, headDim, state, batch, length } = dims;
  const dt = given(problem, "dt").data;
  const { D, z, initialState } = problem.inputs;
  const perHead = D?.axes.length === 1;
  const data = (name: string) => given(problem, name).data;
  return givenProblem(selectiveScan, {
    dims,
    dtype,
    seed,
    inputs: {
      u: data("X"),
      delta: Float64Array.from(
        { length: elementCount([batch, length, heads, headDim]) },
        (_, i) => dt[Math.floor(i / headDim)],
      ),
      A: Float64Array.from(
        { length: heads * headDim * state },
        (_, i) => -decayRate(Math.floor(i / (headDim * state))),
      ),
      B: data("B"),
      C: data("C"),
      D:
        D &&
        Float64Array.from(
          { length: heads * headDim },
          (_, i) => data("D")[perHead ? Math.floor(i / headDim) : i],
        ),
      z: z && data("z"),
      initialState: initialState && data("initialState"),
    },
  }) as Problem<SelectiveScan>;
}
