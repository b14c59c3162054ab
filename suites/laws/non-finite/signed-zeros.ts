import { operators } from "../../../impls/index.js";
import { outputNames } from "../../../impls/operator.js";
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
  cases: (operator) => specs(operator, { ordinary: true, work: 20_000 }).map((spec) => ({ spec })),
  describe: () => `every ${ZEROS}th element of every input 0, against the same with -0`,
  async holds({ spec }, subject) {
    const { operator, bitwise } = subject.target.impl;
    const drawn = subject.problem(operator, spec);
    const zeros = (zero: number) =>
      withInputs(
        drawn,
        Object.fromEntries(
          Object.keys(drawn.inputs)
            .filter((name) => drawn.inputs[name] && (name === "documents" || isFree(drawn, name)))
            .map((name) => [
              name,
              mapValues(given(drawn, name), (value, i) => {
                // where documents begin stays as it is
                if (name === "documents") return value === 0 ? zero : value;
                return i % ZEROS === 0 ? zero : value;
              }),
            ]),
        ),
      );
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
