/** A user's C built and loaded. What the compiler says of it is told with the file's own lines, and of the header's arguments in words. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { firstThatLoads } from "../../libraries/koffi.js";
import { type Compiler, LINKING, libraryFolder } from "../compiler.js";
import type { Field } from "../fields.js";
import { FLAGS, type Isa, type RuntimeCalls } from "../library.js";

export interface ForeignKernel {
  /** Path of the C file, and what stands in it. */
  readonly file: string;
  readonly text: string;
  /** The function. */
  readonly entry: string;
  /** In its order: tensors and scratch are pointers, sizes integers, settings real. */
  readonly arguments: readonly Field[];
  /** Values of the integer and real ones. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Floats of each named scratch memory. */
  readonly scratch: Readonly<Record<string, number>>;
  /** Of the compiler, after those that choose the vectors. */
  readonly flags: readonly string[];
}

export interface ForeignLibrary extends Pick<RuntimeCalls, "run" | "address_of" | "guard"> {
  readonly hash: string;
}

/** Wrong types of arguments are errors in every compiler, as they are in C23. */
const CHECKS = ["implicit-function-declaration", "int-conversion", "incompatible-pointer-types"];
const COMMON = [
  ...["-std=gnu17", "-O3", "-fPIC", "-pthread", "-fvisibility=hidden"],
  ...CHECKS.map((name) => `-Werror=${name}`),
];
/** Of the user's flags those that the linker needs too. */
const LINKED = /^-(fopenmp|fsanitize|l|L|pthread)/;
const LONGEST_LOG = 2 ** 26;

const header = fileURLToPath(new URL("./foreign.h", import.meta.url));
/** What messages call the text of `callOf`. */
const CALL = "the header's call";

const loaded = new Map<string, ForeignLibrary>();
/** Those whose text says all that they are, by it: no compiler is asked again. */
const whole = new Map<string, ForeignLibrary>();
/** A user's own file in it: an include of a name in quotes, or of a macro that stands for one. */
const INCLUDES = /^[ \t]*#[ \t]*(include|embed)\b(?![ \t]*<)/m;

/** Loaded, and built where its text, with all that it includes, is not known yet. @throws with the compiler's words */
export async function loadForeign(
  compiler: Compiler,
  isa: Isa,
  kernel: ForeignKernel,
): Promise<ForeignLibrary> {
  const more = process.env.DUALBENCH_CFLAGS?.split(" ").filter(Boolean) ?? [];
  const flags = [...COMMON, ...FLAGS[isa], ...kernel.flags, ...more];
  const key = [...flags, callOf(kernel), kernel.text].join("\0");
  const known = whole.get(key);
  if (known) return known;
  const library = await builtLibrary(compiler, flags, kernel);
  if (!INCLUDES.test(kernel.text)) whole.set(key, library);
  return library;
}

async function builtLibrary(
  compiler: Compiler,
  flags: readonly string[],
  kernel: ForeignKernel,
): Promise<ForeignLibrary> {
  const aside = mkdtempSync(join(tmpdir(), "dualbench-c-"));
  try {
    const call = join(aside, "call.c");
    writeFileSync(call, callOf(kernel));
    const compiled = (args: readonly string[]) => told(compiler, [...flags, ...args], kernel);
    // all that it includes, as the compiler sees it: nothing stale is ever timed
    const text = await compiled(["-include", resolve(kernel.file), "-E", call]);
    const hash = createHash("sha256")
      .update([compiler.version, process.arch, ...flags, text].join("\0"))
      .digest("hex")
      .slice(0, 16);
    const file = join(libraryFolder(), `user.${hash}.so`);
    const known = loaded.get(file);
    if (known) return known;
    if (!existsSync(file)) {
      const [object, library] = [join(aside, "call.o"), `${file}.${process.pid}`];
      await compiled(["-include", resolve(kernel.file), "-c", call, "-o", object]);
      // flags of arithmetic stay out: linked with -ffast-math a library would flush denormals in all of Node
      const linked = flags.filter((flag) => LINKED.test(flag));
      const link = ["-shared", "-pthread", object, ...linked, ...LINKING, "-lm", "-o", library];
      await told(compiler, link, kernel);
      renameSync(library, file);
    }
    const library = { ...bound(file), hash };
    loaded.set(file, library);
    return library;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function bound(file: string): Omit<ForeignLibrary, "hash"> {
  const found = firstThatLoads([file]);
  if ("failures" in found) throw new Error(`it cannot be loaded: ${found.failures[0]}`);
  return found.bind<Omit<ForeignLibrary, "hash">>({
    run: "void dualbench_run(const uint8_t *block)",
    address_of: "uint64_t dualbench_address_of(const uint8_t *bytes)",
    guard: "int dualbench_guard(uint64_t from, uint64_t bytes, int closed)",
  });
}

const TYPES: Readonly<Record<Field["kind"], string>> = {
  pointer: "float *",
  integer: "int64_t ",
  real: "double ",
};

/** C that calls the function with a block of arguments; members are numbered, since a user's macros may have any name. */
function callOf({ entry, arguments: fields }: ForeignKernel): string {
  const members = fields.map(({ kind }, i) => `${TYPES[kind]}a${i};`);
  const given = fields.map((_, i) => `a->a${i}`);
  return `#include ${JSON.stringify(header)}
#line 1 "${CALL}"
typedef struct { ${members.join(" ")} } dualbench_arguments;
static void dualbench_call(const void *block) {
  const dualbench_arguments *a = block;
  ${entry}(${given.join(", ")});
}
`;
}

/** @returns what it printed. @throws with what it says of the file */
function told(compiler: Compiler, args: readonly string[], kernel: ForeignKernel): Promise<string> {
  return new Promise((done, fail) => {
    // messages in English, with plain quotes
    const env = { ...process.env, LC_ALL: "C" };
    execFile(compiler.command, args, { env, maxBuffer: LONGEST_LOG }, (error, stdout, stderr) => {
      if (error) fail(new Error(complaint(stderr || error.message, kernel)));
      else done(stdout);
    });
  });
}

const MOST_ERRORS = 3;

/** The first errors with file and line, or the last words where there is no line. */
export function complaint(log: string, { file, entry, arguments: fields }: ForeignKernel): string {
  const lines = log.split("\n").flatMap((line) => {
    const [, where, row, what] = /^(.+?):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$/.exec(line) ?? [];
    return where === undefined ? [] : [{ where, row, what }];
  });
  const call = lines.find(({ where }) => where === CALL);
  if (call?.what.includes("implicit"))
    return `${basename(file)} has no function ${entry}, which its header names as entry`;
  if (call) {
    const order = fields.map(({ name }) => name).join(", ");
    return `the header's arguments (${order}) do not fit the function ${entry} of ${basename(file)}: ${call.what}`;
  }
  if (lines.length === 0) return `${basename(file)} cannot be built: ${lastWords(log)}`;
  const shown = lines
    .slice(0, MOST_ERRORS)
    .map(({ where, row, what }) => `${basename(where)}:${row}: ${what}`);
  const rest = lines.length > shown.length ? [`and ${lines.length - shown.length} more errors`] : [];
  return [...shown, ...rest].join("; ");
}

/** Of the linker, e.g. a symbol that is nowhere. */
function lastWords(log: string): string {
  const lines = log.trim().split("\n");
  return (lines.find((line) => line.includes("undefined reference")) ?? lines.at(-1) ?? "no reason").trim();
}
