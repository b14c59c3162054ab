import { operators } from "../../../impls/index.js";
import type { AnyOperator } from "../../../impls/operator.js";
import { defineLaw } from "../law.js";
import { type Poisoned, poisoned, siteBeforeBorder, siteOf } from "./poison.js";
import { heldToSpread } from "./spread.js";

const VALUES = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

const describe = ({ value }: Poisoned) => `${value} in one element of one input`;

/** Held within the bounds of the run without it: a kernel may take another path where something is not finite. */
export const nanStays = defineLaw({
  name: "nan-stays",
  states: "NaN or Infinity in an input shows in no output that does not read it, or as far as is declared",
  source: "arXiv 2405.21060, definition 3.1 and section 7.1; IEEE 754-2019, section 6.2: 0 times NaN is NaN",
  operators,
  exact: [],
  cases: (operator) => poisoned(operator, { without: ["documents"] }, VALUES),
  describe,
  async holds(example, subject) {
    const problem = subject.problem(subject.target.impl.operator, example.spec);
    return heldToSpread(subject, problem, siteOf(problem, example), example.value);
  },
});

const PACKED: readonly AnyOperator[] = operators.filter(({ inputs }) => "documents" in inputs);

export const nanInDocuments = defineLaw({
  name: "nan-in-documents",
  states: "NaN or Infinity in one packed document shows in no other, or as far as is declared",
  source: "arXiv 2405.21060, section 8.3: a decay of 0 between sequences keeps them apart",
  operators: PACKED,
  exact: [],
  cases: (operator) => poisoned(operator, { with: ["documents"] }, VALUES),
  describe,
  async holds(example, subject) {
    const { operator } = subject.target.impl;
    const problem = subject.problem(operator, example.spec);
    // gradients go the other way too
    const site = operator.name.endsWith("_grad")
      ? siteOf(problem, example)
      : siteBeforeBorder(problem, example);
    return heldToSpread(subject, problem, site, example.value);
  },
});
