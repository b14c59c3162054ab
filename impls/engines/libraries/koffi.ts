/** Native libraries through koffi: found, loaded once a process, their functions bound by C declarations. */
import { createRequire } from "node:module";

/** One C function; pointers are typed arrays that the callee writes into, 64-bit numbers may be bigints. */
export type NativeFunction = (...args: never[]) => unknown;

/** What engines need of koffi. */
export interface Koffi {
  load(path: string, options?: { global?: boolean }): { func(declaration: string): NativeFunction };
  struct(name: string, members: Readonly<Record<string, unknown>>): unknown;
  array(type: string, length: number): unknown;
}

let loaded: Koffi | undefined;

/** @throws one sentence where the optional package is not installed or has no build for this machine */
export function koffi(): Koffi {
  try {
    loaded ??= createRequire(import.meta.url)("koffi") as Koffi;
    return loaded;
  } catch (error) {
    const [first] = (error as Error).message.split("\n");
    throw new Error(
      `the npm package koffi, which calls native code, is absent: npm install koffi (${first})`,
    );
  }
}

/**
 * The first of some files that loads, with what was found out on the way where none does.
 * @param before libraries that must be in the process first, by the file that is tried; what does not load is passed over
 */
export function firstThatLoads(
  files: readonly string[],
  before: (file: string) => readonly string[] = () => [],
): { file: string; bind<Calls>(declarations: Declarations<Calls>): Calls } | { failures: string[] } {
  const { load } = koffi();
  const failures: string[] = [];
  for (const file of files) {
    try {
      for (const other of before(file)) load(other, { global: true });
      const library = load(file);
      return { file, bind: (declarations) => bindAll(library, declarations) };
    } catch (error) {
      failures.push(`${file}: ${(error as Error).message}`);
    }
  }
  return { failures };
}

/** The C declaration of each function by name; one that starts with `?` may be missing in older libraries. */
export type Declarations<Calls> = { readonly [Name in keyof Calls]-?: string };

/** Missing ones come back undefined. @throws where one that every version has is missing */
function bindAll<Calls>(
  library: { func(declaration: string): NativeFunction },
  declarations: Declarations<Calls>,
): Calls {
  const calls: Record<string, NativeFunction | undefined> = {};
  for (const [name, declaration] of Object.entries<string>(declarations)) {
    const optional = declaration.startsWith("?");
    try {
      calls[name] = library.func(optional ? declaration.slice(1) : declaration);
    } catch (error) {
      if (!optional) throw error;
    }
  }
  return calls as Calls;
}
