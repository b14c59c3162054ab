/** `--impl FILE`: implementations of a user, and engines, from a TypeScript or JavaScript module, or a kernel in a language of its own. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type EngineEntry, engines } from "../../impls/engines/index.js";
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import { implementations, operators } from "../../impls/index.js";
import { fileStem } from "../../impls/languages/header.js";
import { implementationOf, isModule } from "../../impls/languages/index.js";
import { loaderUrl } from "./fork.js";
import { rememberGlobals } from "./modules/globals.js";
import { loadFailure } from "./modules/thrown.js";
import { oneLine } from "./one-line.js";
import { cameFrom } from "./origin.js";

interface Exported {
  readonly impl: AnyImplementation;
  /** Under which name; the list's, where a list of them is exported. */
  readonly exported: string;
}

/** @throws with one sentence when the module cannot be loaded or exports neither an implementation nor an engine's entry */
export async function loadImplementations(file: string): Promise<AnyImplementation[]> {
  return (await kernelsOf(file)).map(({ impl }) => impl);
}

async function kernelsOf(file: string): Promise<Exported[]> {
  const exported = await exportsOf(file);
  const found = exported.flatMap(({ exported: name, value }) =>
    isImplementation(value) ? [{ impl: value, exported: name }] : [],
  );
  if (found.length === 0 && !exported.some(({ value }) => isEngineEntry(value)))
    throw new Error(
      `${file} exports no implementation; ` +
        "export one made by implementation(operator, engine, { form, ... }), as examples/my-kernel.ts does",
    );
  return found;
}

/** Values that a module exports under their first name, members of lists each, each once. */
async function exportsOf(file: string): Promise<{ readonly exported: string; readonly value: unknown }[]> {
  const path = resolve(file);
  if (!isModule(path)) return [{ exported: "default", value: implementationOf(file, textOf(file, path)) }];
  const putBack = rememberGlobals();
  const module = await importModule(path)
    .catch((error: unknown) => {
      throw new Error(`cannot load ${file}: ${syntaxError(error, path) ?? loadFailure(error, path)}`);
    })
    .finally(putBack);
  // a folder without "type": "module" is CommonJS, whose exports come as the default one
  const all = [module, module.default].flatMap((values) => Object.entries(values ?? {}));
  const names = new Map<unknown, string>();
  for (const [exported, values] of all)
    for (const value of [values].flat()) names.set(value, names.get(value) ?? exported);
  return [...names].map(([value, exported]) => ({ value, exported }));
}

function textOf(file: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`cannot load ${file}: ${(error as Error).message}`);
  }
}

/** TypeScript goes through tsx, which this process then uses for all that it loads: one instance of every module. */
async function importModule(path: string): Promise<Record<string, unknown>> {
  const underTsx = import.meta.url.endsWith(".ts");
  if (!underTsx && /\.[mc]?tsx?$/.test(path)) await import(loaderUrl());
  return import(pathToFileURL(path).href);
}

/** Node says what is wrong in a module that it reads itself, and where only to those who ask for nothing else. */
function syntaxError(error: unknown, path: string): string | undefined {
  if (!(error instanceof SyntaxError) || !/\.[mc]?js$/.test(path)) return undefined;
  const { stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8", timeout: 10_000 });
  const [, file, line, , caret] = /^(.+):(\d+)\n(.*)\n( *)\^/m.exec(stderr ?? "") ?? [];
  return file === undefined ? undefined : `${error.message} (${file}:${line}:${caret.length + 1})`;
}

function isImplementation(value: unknown): value is AnyImplementation {
  const impl = value as Partial<AnyImplementation> | null;
  return (
    typeof impl === "object" &&
    impl !== null &&
    typeof impl.operator === "object" &&
    typeof impl.form === "string" &&
    typeof impl.engine === "string" &&
    typeof impl.prepare === "function" &&
    typeof impl.rounding === "function"
  );
}

function isEngineEntry(value: unknown): value is EngineEntry {
  const entry = value as Partial<EngineEntry> | null;
  return (
    typeof entry === "object" &&
    entry !== null &&
    typeof entry.name === "string" &&
    typeof entry.load === "function"
  );
}

/** All built-in engines, then those of the files. */
export async function allEngines(
  files: readonly string[],
  builtIn: readonly EngineEntry[] = engines,
): Promise<EngineEntry[]> {
  const all = [...builtIn];
  for (const file of files)
    for (const { value: entry } of await exportsOf(file)) {
      if (!isEngineEntry(entry)) continue;
      if (all.some(({ name }) => name === entry.name))
        throw new Error(`${file}: there is an engine ${entry.name} already; give this one another name`);
      all.push(entry);
    }
  return all;
}

/**
 * All built-in implementations, then those of the files, in one order for every process of a run. One that would share the name
 * of another gets `make` from its file, so that case ids stay unique.
 */
export async function allImplementations(files: readonly string[]): Promise<AnyImplementation[]> {
  const all = [...implementations];
  const taken = new Set(all.map(implementationName));
  for (const file of files) {
    const stem = fileStem(file.startsWith("file:") ? fileURLToPath(file) : file);
    for (const [i, { impl, exported }] of (await kernelsOf(file)).entries()) {
      const wrong = contradiction(impl);
      if (wrong !== undefined) throw new Error(`${file}: ${wrong}`);
      const clash = taken.has(implementationName(impl));
      taken.add(implementationName(impl));
      if (!isModule(file)) {
        // its header has given it this one already, where it names none
        all.push(cameFrom(impl, { file, exported, fallbackMake: stem }));
        continue;
      }
      const fallbackMake = clash ? (i === 0 ? stem : `${stem}-${i + 1}`) : undefined;
      const named = fallbackMake === undefined ? impl : withMake(impl, fallbackMake);
      all.push(cameFrom(named, { file, exported, fallbackMake }));
    }
  }
  return all;
}

/** What of an implementation no case id and no plan could say; the rest is seen when it is asked. */
function contradiction({ operator, form, engine, dtypes, source }: AnyImplementation): string | undefined {
  if (!operators.some(({ name }) => name === operator.name))
    return `there is no operator ${operator.name}; there are ${operators.map(({ name }) => name).join(", ")}`;
  for (const [key, value] of Object.entries({ form, engine }))
    if (!/^[a-z0-9_-]+$/.test(value))
      return `its ${key} ${JSON.stringify(value)} cannot stand in a case id, which takes a-z, 0-9, _ and -`;
  if (dtypes !== undefined && !(Array.isArray(dtypes) && dtypes.every((dtype) => DTYPES.includes(dtype))))
    return `its dtypes are ${oneLine(dtypes)}, expected a list of ${DTYPES.join(", ")}`;
  if (source !== undefined && typeof source !== "string") return "its source is no text";
  return undefined;
}

const DTYPES: readonly string[] = ["f64", "f32", "f16", "bf16"];

/** Adds `make` to options that name none. */
function withMake(impl: AnyImplementation, make: string): AnyImplementation {
  return {
    ...impl,
    async options(problem, engine) {
      const given = (await impl.options?.(problem, engine as never)) ?? [{}];
      // whoever asks sees what it is instead
      return Array.isArray(given) ? given.map((options) => ({ make, ...options })) : given;
    },
  };
}
