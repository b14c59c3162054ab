/** WGSL on the webgpu engine: compute entry points, their grids as expressions, their bindings by the names that the text gives them. */
import type { ForeignWgsl } from "../engines/webgpu/problem/foreign.js";
import type { Problem } from "../operator.js";
import type { Options } from "../prepared.js";
import { cComments } from "./comment.js";
import type { Keys } from "./fields.js";
import { language } from "./language.js";
import { countsIn, launchKeys, readCounts, readLaunches } from "./launches.js";
import * as tensors from "./tensors.js";

const LAUNCH: Keys = { entry: "required", grid: "required" };

export const wgsl = language({
  name: "WGSL",
  extensions: [".wgsl"],
  engine: "webgpu",
  comments: cComments,
  keys: { ...launchKeys(LAUNCH), scratch: "optional", constants: "optional" },
  // WGSL promises a result between two neighbours, not the nearer one
  f32: 2 ** -23,
  read(fields, header) {
    tensors.noLayout(fields, header, "WGSL");
    if (header.dtypes.includes("bf16"))
      fields.fail("dtypes", "has bf16; the webgpu engine stores f32 and f16");
    return {
      scratch: tensors.readScratch(fields, header),
      launches: readLaunches(fields, LAUNCH, (one) => ({
        entry: tensors.identifier(one, "entry"),
        grid: readCounts(one, "grid", header.names),
      })),
      constants: tensors.readConstants(fields, header),
    };
  },
  body: ({ file, text, header, own, scope, refusal }) => {
    const kernelFor = (problem: Problem, options: Options): ForeignWgsl => {
      const numbers = scope(problem, options);
      return {
        ...{ file, text, numbers },
        launches: own.launches.map(({ entry, grid }) => ({
          entry,
          grid: countsIn(`the grid of ${entry}`, grid, numbers),
        })),
        scratch: tensors.scratchFloats(own.scratch, numbers),
        constants: tensors.constantsIn(own.constants, numbers),
      };
    };
    return {
      unsupported: (problem, options, engine) =>
        refusal(problem, options) ??
        tensors.otherLayout(header.operator, problem) ??
        engine?.foreignUnsupported(header.operator, problem, kernelFor(problem, options)),
      prepare: (engine, problem, options) =>
        engine.foreign(header.operator, problem, kernelFor(problem, options)),
    };
  },
});
