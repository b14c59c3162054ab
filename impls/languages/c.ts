/** C on the native engine: a function that is called with the tensors and numbers that the header names, in that order. */
import type { Field } from "../engines/native/fields.js";
import { cComments } from "./comment.js";
import type { Fields } from "./fields.js";
import { language } from "./language.js";
import * as tensors from "./tensors.js";

const KINDS: Readonly<Record<tensors.Role, Field["kind"]>> = {
  ...{ input: "pointer", output: "pointer", scratch: "pointer" },
  // settings and options may be any number; the compiler turns them into what the function takes
  ...{ size: "integer", number: "real" },
};

export const c = language({
  name: "C",
  extensions: [".c"],
  engine: "native",
  comments: cComments,
  keys: { entry: "required", arguments: "required", scratch: "optional", flags: "optional" },
  read(fields, header) {
    tensors.noLayout(fields, header, "C");
    if (header.dtypes.some((dtype) => dtype !== "f32"))
      fields.fail("dtypes", `is ${header.dtypes.join(", ")}; the native engine stores f32 only`);
    const scratch = tensors.readScratch(fields, header);
    const args = tensors.readArguments(fields, header, scratch);
    tensors.mustWriteOutputs(fields, header, args);
    return {
      entry: tensors.identifier(fields, "entry"),
      args,
      scratch,
      flags: flagsOf(fields),
    };
  },
  body: ({ file, text, header, own, scope, refusal }) => {
    const taken = new Set(own.args.map(({ name }) => name));
    return {
      unsupported: (problem, options) =>
        refusal(problem, options) ?? tensors.untaken(header.operator, problem, taken),
      prepare: (engine, problem, options) => {
        const numbers = scope(problem, options);
        return engine.foreign(header.operator, problem, {
          ...{ file, text },
          entry: own.entry,
          arguments: fieldsOf(own.args),
          numbers,
          scratch: tensors.scratchFloats(own.scratch, numbers),
          flags: own.flags,
        });
      },
    };
  },
});

function fieldsOf(args: readonly tensors.Argument[]): Field[] {
  return args.map(({ name, role }) => ({ name, kind: KINDS[role] }));
}

/** Flags, and no files: what the compiler writes is the engine's business. */
function flagsOf(fields: Fields): readonly string[] {
  const flags = fields.texts("flags") ?? [];
  const wrong = flags.find((flag) => !/^-[A-Za-z]/.test(flag) || /^-(o|c|E|S)/.test(flag));
  if (wrong !== undefined)
    fields.fail("flags", `has "${wrong}", expected flags of the compiler that name no step, such as -O2`);
  return flags;
}
