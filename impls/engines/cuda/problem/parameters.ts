/** The parameters of a global function, read from its declaration: a launch must give each as many bytes as it takes. */

export interface Parameter {
  readonly kind: Kind;
  /** As it is declared. */
  readonly text: string;
}

const TYPES = {
  i32: ["int", "signed", "signed int", "int32_t"],
  u32: ["unsigned", "unsigned int", "uint32_t", "uint"],
  i64: ["long long", "long long int", "int64_t", "long", "long int", "ptrdiff_t"],
  u64: ["unsigned long long", "unsigned long long int", "uint64_t", "unsigned long", "size_t"],
  f32: ["float"],
  f64: ["double"],
  bool: ["bool"],
} as const;
type Kind = keyof typeof TYPES | "pointer";

const QUALIFIERS = /\b(const|volatile|__restrict__|__restrict|restrict|__grid_constant__|std\s*::)\s*/g;

/** @throws where the function is not there, not `extern "C"`, or takes what no header can give */
export function kindsOf(file: string, source: string, entry: string): Parameter[] {
  const text = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, " ").replace(/\s+/g, " ");
  const bounds = "(?:__launch_bounds__ ?\\([^)]*\\))?";
  const found = new RegExp(`__global__[^;{}()]*${bounds}[^;{}()]*\\b${entry} ?\\(([^()]*)\\)`).exec(text);
  if (!found) throw new Error(`${file} has no __global__ function ${entry}, which its header names as entry`);
  const before = text.slice(0, found.index);
  if (!/extern ?"C"( ?\{|[^;{}]*$)/.test(before))
    throw new Error(
      `${file}: ${entry} must be declared extern "C", or the driver does not know it by that name`,
    );
  const declared = found[1].split(",").map((one) => one.trim());
  if (declared.length === 1 && (declared[0] === "" || declared[0] === "void")) return [];
  return declared.map((one) => ({ kind: kindOf(file, entry, one), text: one }));
}

function kindOf(file: string, entry: string, declared: string): Kind {
  const bare = declared.replace(QUALIFIERS, "").trim();
  if (/[*[]/.test(bare)) return "pointer";
  // the last word is its name, where it has one
  const words = bare.split(" ");
  for (const type of [bare, words.slice(0, -1).join(" ")])
    for (const [kind, names] of Object.entries(TYPES))
      if ((names as readonly string[]).includes(type)) return kind as Kind;
  const known = Object.values(TYPES).map(([name]) => name);
  throw new Error(`${file}: ${entry} takes ${declared}; a header gives pointers, ${known.join(", ")}`);
}

/** The bytes of one argument. @throws for a number that its type cannot hold */
export function word(kind: Kind, value: bigint | number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  if (typeof value === "bigint") view.setBigUint64(0, value, true);
  else if (kind === "f32") view.setFloat32(0, value, true);
  else if (kind === "f64") view.setFloat64(0, value, true);
  else if (!Number.isInteger(value))
    throw new Error(`${value} is no whole number, and its parameter is ${kind}`);
  else view.setBigInt64(0, BigInt(value), true);
  const bytes = { pointer: 8, i32: 4, u32: 4, i64: 8, u64: 8, f32: 4, f64: 8, bool: 1 }[kind];
  if (
    typeof value === "number" &&
    bytes === 4 &&
    kind !== "f32" &&
    Math.abs(value) >= 2 ** (kind === "u32" ? 32 : 31)
  )
    throw new Error(`${value} does not fit a parameter of ${TYPES[kind as "i32"][0]}`);
  return new Uint8Array(view.buffer, 0, bytes);
}
