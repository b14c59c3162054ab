/** `--impl FILE`: implementations of a user, from a TypeScript or JavaScript module. */
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import { implementations, operators } from "../../impls/index.js";
import { cameFrom } from "./origin.js";

interface Exported {
  readonly impl: AnyImplementation;
  /** Under which name; the list's, where a list of them is exported. */
  readonly exported: string;
}

/** @throws with one sentence when the module cannot be loaded or exports no implementation */
async function loadImplementations(file: string): Promise<Exported[]> {
  const path = resolve(file);
  const module = await importModule(path).catch((error: unknown) => {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new Error(`cannot load ${file}: ${why}`);
  });
  // a folder without "type": "module" is CommonJS, whose exports come as the default one
  const all = [module, module.default].flatMap((one) => Object.entries(one ?? {}));
  const found = new Map<AnyImplementation, string>();
  for (const [exported, value] of all)
    for (const one of [value].flat().filter(isImplementation)) found.set(one, found.get(one) ?? exported);
  if (found.size === 0)
    throw new Error(
      `${file} exports no implementation; export one made by implementation(operator, engine, { form, ... }), as examples/my-kernel.ts does`,
    );
  return [...found].map(([impl, exported]) => ({ impl, exported }));
}

/** A module of this package's own kind loads as it is; elsewhere TypeScript goes through tsx. */
async function importModule(path: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(path).href;
  const underTsx = import.meta.url.endsWith(".ts");
  if (underTsx || !/\.[mc]?ts$/.test(path)) return import(url);
  const { tsImport } = await import("tsx/esm/api");
  return tsImport(url, import.meta.url);
}

function isImplementation(value: unknown): value is AnyImplementation {
  const one = value as Partial<AnyImplementation> | null;
  return (
    typeof one === "object" &&
    one !== null &&
    typeof one.operator === "object" &&
    typeof one.form === "string" &&
    typeof one.engine === "string" &&
    typeof one.prepare === "function" &&
    typeof one.rounding === "function"
  );
}

/**
 * All built-in implementations, then those of the files, in one order for every process of a run. One that would share the name
 * of another gets `make` from its file, so that case ids stay unique.
 */
export async function allImplementations(files: readonly string[]): Promise<AnyImplementation[]> {
  const all = [...implementations];
  const taken = new Set(all.map(implementationName));
  for (const file of files) {
    const stem = fileStem(file);
    for (const [i, { impl, exported }] of (await loadImplementations(file)).entries()) {
      if (!operators.some(({ name }) => name === impl.operator.name))
        throw new Error(
          `${file}: there is no operator ${impl.operator.name}; there are ${operators.map(({ name }) => name).join(", ")}`,
        );
      const clash = taken.has(implementationName(impl));
      taken.add(implementationName(impl));
      const fallbackMake = clash ? (i === 0 ? stem : `${stem}-${i + 1}`) : undefined;
      const named = fallbackMake === undefined ? impl : withMake(impl, fallbackMake);
      all.push(cameFrom(named, { file, exported, fallbackMake }));
    }
  }
  return all;
}

/** Adds `make` to options that name none. */
function withMake(impl: AnyImplementation, make: string): AnyImplementation {
  return {
    ...impl,
    options: async (problem, engine) =>
      ((await impl.options?.(problem, engine as never)) ?? [{}]).map((options) => ({ make, ...options })),
  };
}

function fileStem(file: string): string {
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  const name = path.split(/[\\/]/).at(-1) ?? path;
  return (
    name
      .replace(/\.[a-z]+$/i, "")
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, "-") || "user"
  );
}
