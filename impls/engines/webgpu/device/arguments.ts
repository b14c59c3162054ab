/** What a caller gives a kernel, held against what its WGSL declares: a name too few or too many is an error that lists the right ones. */
import type { Binding, Member, NumberType } from "./bindings.js";

/** The members of a struct, by their names in WGSL. */
export type Numbers = Readonly<Record<string, number>>;

/** Buffers, or numbers for a binding whose type is a struct of numbers (an array of structs: a list). Undefined: not given. */
export type Arguments = Readonly<Record<string, GPUBuffer | Numbers | readonly Numbers[] | undefined>>;

export type Given =
  | { readonly binding: Binding; readonly buffer: GPUBuffer }
  | { readonly binding: Binding; readonly words: Uint32Array<ArrayBuffer> };

/**
 * Pairs every binding of a kernel with what was given for it.
 * @throws naming the kernel, the name and the names there are, where one is missing or one too many, or a number does not fit its type
 */
export function pairArguments(kernel: string, bindings: readonly Binding[], args: Arguments): Given[] {
  const given = new Map(Object.entries(args).filter(([, value]) => value !== undefined));
  compareNames(kernel, "binding", bindings, [...given.keys()]);
  return bindings.map((binding) => {
    const value = given.get(binding.name)!;
    if (!isNumbers(value)) {
      if (binding.isUniform && binding.members)
        throw new Error(
          `${kernel}: ${binding.name} takes numbers (${namesOf(binding.members)}), got a buffer`,
        );
      return { binding, buffer: value };
    }
    if (!binding.members) throw new Error(`${kernel}: ${binding.name} takes a buffer, got numbers`);
    return { binding, words: encodeNumbers(`${kernel}: ${binding.name}`, binding.members, [value].flat()) };
  });
}

/** Structs of numbers behind each other, as WGSL lays them out: a word a member. */
export function encodeNumbers(
  what: string,
  members: readonly Member[],
  structs: readonly Numbers[],
): Uint32Array<ArrayBuffer> {
  const words = new DataView(new ArrayBuffer(4 * members.length * structs.length));
  structs.forEach((struct, i) => {
    compareNames(what, "member", members, Object.keys(struct));
    members.forEach(({ name, type }, m) => {
      const value = struct[name]!;
      if (!fits(value, type)) throw new Error(`${what}: ${name} is of type ${type}, got ${value}`);
      const at = 4 * (i * members.length + m);
      if (type === "f32") words.setFloat32(at, value, true);
      else words.setUint32(at, value, true);
    });
  });
  return new Uint32Array(words.buffer);
}

function fits(value: number, type: NumberType): boolean {
  if (type === "f32") return Number.isFinite(value);
  const least = type === "i32" ? -(2 ** 31) : 0;
  return Number.isInteger(value) && value >= least && value < least + 2 ** 32;
}

/** @throws where `given` are not the declared names, in any order */
function compareNames(
  kernel: string,
  what: string,
  declared: readonly { readonly name: string }[],
  given: readonly string[],
): void {
  const extra = given.find((name) => !declared.some((one) => one.name === name));
  if (extra !== undefined) throw new Error(`${kernel} uses no ${what} ${extra}; it has ${namesOf(declared)}`);
  const missing = declared.find(({ name }) => !given.includes(name));
  if (missing)
    throw new Error(`${kernel} got nothing for its ${what} ${missing.name}; it has ${namesOf(declared)}`);
}

function namesOf(declared: readonly { readonly name: string }[]): string {
  return declared.map(({ name }) => name).join(", ") || "none";
}

function isNumbers(value: GPUBuffer | Numbers | readonly Numbers[]): value is Numbers | readonly Numbers[] {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
