import { type Mamba3, mamba3 } from "../../impls/mamba3/operator.js";
import { givenProblem, type Problem } from "../../impls/operator.js";
import { type Ssd, ssd } from "../../impls/ssd/operator.js";
import { specs } from "../problems/arbitrary.js";
import { buildProblem } from "../problems/build.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import { given, mapValues, withInputs } from "./edit.js";
import { difference, float64Rounding } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

/** e^-100 is nothing beside 1 in float64: so lambda is 1. */
const ONLY_OWN = 100;

export const mamba3IsSsd = defineLaw({
  name: "mamba3-is-ssd",
  states: "mamba3 whose angles are zero and whose lambda is one is ssd on its biased keys and queries",
  source: "arXiv 2603.15569: the trapezoid's other end, and no rotation, give Mamba-2",
  operators: [mamba3],
  exact: [],
  cases: () => specs(mamba3, { ordinary: true, work: 20_000 }).map((spec) => ({ spec })),
  own: ({ spec }, _operator, dtype) => straight(buildProblem(mamba3, spec, dtype)),
  async holds({ spec }, subject) {
    const problem = straight(subject.problem(mamba3, spec));
    const { values, bounds } = await subject.run(problem);
    const twin = boundArrays(truthOf(ssd, ssdProblem(problem)), float64Rounding(spec.dims.length));
    for (const output of ["Y", "finalState"]) {
      const found = difference({
        operator: mamba3,
        problem,
        output,
        got: values[output],
        wanted: (i) => twin[output].value[i],
        tolerance: (i) => bounds[output].certified[i] + twin[output].certified[i],
        what: "against the reference of ssd",
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});

const known = new WeakMap<Problem, Problem<Mamba3>>();

/** The same for every implementation. */
function straight(drawn: Problem<Mamba3>): Problem<Mamba3> {
  const zero = (name: string) => mapValues(given(drawn, name), () => 0);
  const made =
    known.get(drawn) ??
    withInputs(drawn, {
      angles: zero("angles"),
      ...(drawn.inputs.initialAngles ? { initialAngles: zero("initialAngles") } : {}),
      trap: mapValues(given(drawn, "trap"), () => ONLY_OWN),
    });
  known.set(drawn, made);
  return made;
}

function ssdProblem(problem: Problem<Mamba3>): Problem<Ssd> {
  const { heads, groups, state } = problem.dims;
  const data = (name: string) => given(problem, name).data;
  const biased = (name: string, bias: string) => {
    const rows = data(name).length / (groups * state);
    return Float64Array.from({ length: rows * heads * state }, (_, i) => {
      const [n, h] = [i % state, Math.floor(i / state) % heads];
      const row = Math.floor(i / (state * heads)) * groups + Math.floor((h * groups) / heads);
      return data(name)[row * state + n] + data(bias)[h * state + n];
    });
  };
  const { D, z, initialState } = problem.inputs;
  // float64: a sum of two numbers of the storage type need not be one
  return givenProblem(ssd, {
    dims: { ...problem.dims, groups: heads },
    dtype: "f64",
    inputs: {
      X: data("V"),
      logA: data("logA"),
      dt: data("dt"),
      B: biased("K", "biasK"),
      C: biased("Q", "biasQ"),
      D: D && data("D"),
      z: z && data("z"),
      initialState: initialState && data("initialState"),
    },
    layouts: D ? { D: D.axes } : {},
  });
}
