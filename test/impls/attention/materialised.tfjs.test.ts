/** Attention in tensor ops: every element within the bound; odd sizes, grouped heads, another context, other scales. */

import { materialisedTfjs } from "../../../impls/attention/materialised.tfjs.js";
import { attention } from "../../../impls/attention/operator.js";
import { randomProblem } from "../../../impls/operator.js";
import { holdsOnEveryBackend } from "../tensor-ops.js";

const control = { batch: 1, length: 64, context: 64, heads: 2, groups: 1, headDim: 16, headDimV: 16 };

holdsOnEveryBackend([[materialisedTfjs, {}]], {
  control: randomProblem(attention, { dims: control }),
  "one token": randomProblem(attention, { dims: { ...control, length: 1, context: 1 } }),
  "odd length, groups, batch": randomProblem(attention, {
    dims: { batch: 2, length: 65, context: 65, heads: 6, groups: 3, headDim: 5, headDimV: 7 },
  }),
  "not causal, longer context": randomProblem(attention, {
    dims: { ...control, length: 33, context: 90 },
    settings: { causal: false },
  }),
  "not causal, shorter context": randomProblem(attention, {
    dims: { ...control, length: 40, context: 7 },
    settings: { causal: false, scale: 0.7 },
  }),
  "one channel": randomProblem(attention, { dims: { ...control, headDim: 1, headDimV: 1 } }),
});
