/** Languages of kernels beside TypeScript, by the extensions of their files. */
import type { AnyImplementation } from "../implementation.js";
import { c } from "./c.js";
import { cuda } from "./cuda.js";
import type { Language } from "./language.js";
import { python } from "./python.js";
import { wgsl } from "./wgsl.js";

/** An explicit list; a language is added here. */
export const languages: readonly Language[] = [python, c, cuda, wgsl];

/** Extensions that are modules: they export implementations themselves. */
const MODULE = /\.[cm]?[jt]sx?$/i;

export function isModule(file: string): boolean {
  return MODULE.test(file);
}

/** @throws Error with one sentence where no language has the file's extension, or its header is wrong */
export function implementationOf(file: string, text: string): AnyImplementation {
  return languageOf(file).implementation(file, text);
}

export function languageOf(file: string): Language {
  const extension = /\.[a-z0-9]+$/i.exec(file)?.[0].toLowerCase() ?? "";
  const found = languages.find(({ extensions }) => extensions.includes(extension));
  if (found) return found;
  const known = languages.flatMap(({ name, extensions }) => `${extensions.join(", ")} (${name})`);
  throw new Error(
    `${file}: no kernel is read from ${extension === "" ? "a file without an extension" : `a ${extension} file`}; ` +
      `there are .ts, .js (TypeScript), ${known.join(", ")}`,
  );
}
