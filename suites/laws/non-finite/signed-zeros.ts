import * as fc from "fast-check";
import { operators } from "../../../impls/index.js";
import { outputNames } from "../../../impls/operator.js";
import type { GivenTensor } from "../../../impls/tensor.js";
import { specs } from "../../problems/arbitrary.js";
import { given, mapValues, withInputs } from "../edit.js";
import { difference } from "../hold.js";
import { defineLaw, HOLDS, violated } from "../law.js";
import { isFree } from "./poison.js";

/** Of the elements of each input. */
const ZEROS = 3;

/** Values of both signs compare equal; a kernel that looks at bits, or divides by what it was given, tells them apart. */
export const signedZeros = defineLaw({
  name: "signed-zeros",
  states: "zeros of either sign give equal outputs: decays, steps and ids of documents too",
  source: "IEEE 754-2019, section 5.11: zeros compare equal whatever their sign",
  operators,
  exact: [],
  cases: (operator) => {
    const options = { ordinary: true, work: 20_000 };
    const any = specs(operator, options);
    const packed = specs(operator, { ...options, with: ["documents"] });
    return ("documents" in operator.inputs ? fc.oneof(any, packed) : any).map((spec) => ({ spec }));
  },
  describe: () => `every ${ZEROS}th element of every input 0, against the same with -0 in every other place`,
  async holds({ spec }, subject) {
    const { operator, bitwise } = subject.target.impl;
    const drawn = subject.problem(operator, spec);
    const free = Object.keys(drawn.inputs).filter((name) => drawn.inputs[name] && isFree(drawn, name));
    const zeros = (zero: number) => {
      const signed = (i: number) => (i % 2 === 0 ? 0 : zero);
      const changed = free.map((name): [string, GivenTensor] => [
        name,
        mapValues(given(drawn, name), (value, i) => (i % ZEROS === 0 || value === 0 ? signed(i) : value)),
      ]);
      // where documents begin stays as it is
      const documents =
        drawn.inputs.documents &&
        mapValues(given(drawn, "documents"), (value, i) => (value === 0 ? signed(i) : value));
      return withInputs(drawn, { ...Object.fromEntries(changed), documents });
    };
    const before = await subject.run(zeros(0));
    const after = await subject.values(zeros(-0));
    for (const output of outputNames(operator, drawn)) {
      const { certified } = before.bounds[output];
      const found = difference({
        operator,
        problem: drawn,
        output,
        got: after[output],
        wanted: (i) => before.values[output][i],
        tolerance: bitwise === false ? (i) => 2 * certified[i] : undefined,
        what: "zeros became -0",
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});
