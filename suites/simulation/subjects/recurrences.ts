/** ssd and the selective scan: one channel of one sequence, two states unless said. */
import { givenProblem, type Problem } from "../../../impls/operator.js";
import { selectiveScan } from "../../../impls/selective_scan/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { eachChannel, type States } from "../forms/selective-scan.js";
import { eachHead, type HeadForm, type SsdValues } from "../forms/ssd.js";
import { coherent, logDecay, type Subject, signed } from "../subject.js";

export function ssdSubject(
  name: string,
  form: HeadForm,
  longestSum: number,
  length: number,
  state = 2,
): Subject {
  const dims = { batch: 1, length, heads: 1, groups: 1, headDim: 1, state };
  return {
    name: `ssd/${name}`,
    operator: ssd,
    sizes: { X: length, logA: length, B: state * length, C: state * length, dt: length, initialState: state },
    problem: (inputs) => givenProblem(ssd, { dims, inputs }),
    draw: (input, random, u) =>
      input === "logA" ? logDecay(random, u) : input === "dt" ? random() : coherent(random),
    run(arithmetic, problem, values) {
      const outputs = { Y: new Float64Array(length), finalState: new Float64Array(state) };
      eachHead(problem as Problem<typeof ssd>, values as unknown as SsdValues, outputs, arithmetic, form);
      return outputs;
    },
    longestSum,
  };
}

export function scanSubject(name: string, states: States, length: number): Subject {
  const dims = { batch: 1, length, heads: 1, groups: 1, headDim: 1, state: 2 };
  const settings = { softplus: true };
  return {
    name: `selective_scan/${name}`,
    operator: selectiveScan,
    sizes: {
      ...{ u: length, delta: length, A: 2, B: 2 * length, C: 2 * length },
      ...{ D: 1, z: length, deltaBias: 1, initialState: 2 },
    },
    problem: (inputs) => givenProblem(selectiveScan, { dims, inputs, settings }),
    draw(input, random, u) {
      if (input === "A") return logDecay(random, u);
      return input === "delta" || input === "z" ? 3 * signed(random) : signed(random);
    },
    run(arithmetic, problem, values) {
      const outputs = { Y: new Float64Array(length), finalState: new Float64Array(2) };
      const inputs = values as unknown as Parameters<typeof eachChannel>[1];
      eachChannel(problem as Problem<typeof selectiveScan>, inputs, outputs, arithmetic, states);
      return outputs;
    },
    longestSum: 0,
  };
}
