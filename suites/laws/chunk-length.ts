import * as fc from "fast-check";
import { operators } from "../../impls/index.js";
import { outputNames } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import { specs } from "../problems/arbitrary.js";
import { difference } from "./hold.js";
import { defineLaw, HOLDS, violated } from "./law.js";

export const chunkLength = defineLaw({
  name: "chunk-length",
  states: "the chunk length does not matter",
  source: "arXiv 2405.21060, section 6: the block decomposition is exact for any block length",
  operators,
  exact: [],
  cases: (operator) =>
    fc.record({
      spec: specs(operator, { ordinary: true, work: 20_000 }),
      chunk: fc.constantFrom(64, 1, 2, 3, 7, 8, 16, 32, 100, 128, 256),
    }),
  describe: ({ chunk }) => `chunk ${chunk} against the default`,
  async holds({ spec, chunk }, subject) {
    const { operator } = subject.target.impl;
    if (subject.options.chunk === undefined || subject.options.chunk === chunk) return undefined;
    const problem = subject.problem(operator, spec);
    const options: Options = { ...subject.options, chunk };
    const usual = await subject.run(problem);
    const other = await subject.run(problem, options);
    for (const output of outputNames(operator, problem)) {
      const found = difference({
        operator,
        problem,
        output,
        got: other.values[output],
        wanted: (i) => usual.values[output][i],
        tolerance: (i) => usual.bounds[output].certified[i] + other.bounds[output].certified[i],
        what: `chunk ${chunk} in place of ${subject.options.chunk}`,
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});
