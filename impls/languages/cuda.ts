/** CUDA C++ on the cuda engine: global functions, their launches as expressions, their parameters by the names that the header gives. */
import { cComments } from "./comment.js";
import type { Fields, Keys } from "./fields.js";
import type { Header } from "./header.js";
import { language } from "./language.js";
import { countsIn, launchKeys, readCounts, readLaunches } from "./launches.js";
import * as tensors from "./tensors.js";

const LAUNCH: Keys = {
  entry: "required",
  grid: "required",
  block: "required",
  arguments: "required",
  sharedBytes: "optional",
};

export const cuda = language({
  name: "CUDA",
  extensions: [".cu"],
  engine: "cuda",
  comments: cComments,
  keys: { ...launchKeys(LAUNCH), scratch: "optional", constants: "optional", flags: "optional" },
  read(fields, header) {
    tensors.noLayout(fields, header, "CUDA");
    const scratch = tensors.readScratch(fields, header);
    const launches = readLaunches(fields, LAUNCH, (one) => launchOf(one, header, scratch));
    tensors.mustWriteOutputs(
      fields,
      header,
      launches.flatMap(({ args }) => args),
    );
    return { scratch, launches, constants: tensors.readConstants(fields, header), flags: flagsOf(fields) };
  },
  body: ({ file, text, header, own, scope, refusal }) => {
    const taken = new Set(own.launches.flatMap(({ args }) => args.map(({ name }) => name)));
    return {
      unsupported: (problem, options) =>
        refusal(problem, options) ?? tensors.untaken(header.operator, problem, taken),
      prepare: (engine, problem, options) => {
        const numbers = scope(problem, options);
        return engine.foreign(header.operator, problem, {
          ...{ file, text, numbers, flags: own.flags },
          scratch: tensors.scratchFloats(own.scratch, numbers),
          defines: tensors.constantsIn(own.constants, numbers),
          launches: own.launches.map(({ entry, grid, block, sharedBytes, args }) => ({
            entry,
            grid: countsIn(`the grid of ${entry}`, grid, numbers),
            block: countsIn(`the block of ${entry}`, block, numbers),
            sharedBytes: sharedBytes?.valueIn(numbers) ?? 0,
            arguments: args.map(({ name }) => name),
          })),
        });
      },
    };
  },
});

function launchOf(fields: Fields, header: Header, scratch: readonly tensors.Scratch[]) {
  return {
    entry: tensors.identifier(fields, "entry"),
    grid: readCounts(fields, "grid", header.names),
    block: readCounts(fields, "block", header.names),
    sharedBytes: fields.expression("sharedBytes", header.names),
    args: tensors.readArguments(fields, header, scratch),
  };
}

function flagsOf(fields: Fields): readonly string[] {
  const flags = fields.texts("flags") ?? [];
  const wrong = flags.find((flag) => !/^-/.test(flag) || /^--?(gpu-architecture|arch)\b/.test(flag));
  if (wrong !== undefined)
    fields.fail(
      "flags",
      `has "${wrong}", expected flags of NVRTC such as --use_fast_math; the card names the architecture`,
    );
  return flags;
}
