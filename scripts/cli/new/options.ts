/** Flags of `npm run new`. */
import { statSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { Command } from "commander";
import { usageError } from "../exit.js";
import { invocationOf } from "../invocation.js";
import { parseFlags } from "../parse-flags.js";
import { LANGUAGES, type Template } from "./templates.js";

export interface NewOptions {
  readonly language: string;
  readonly template: Template;
  readonly out: string;
}

/** @returns undefined when the help was printed. @throws Stop */
export function parseNewOptions(argv: readonly string[]): NewOptions | undefined {
  const command = newCommand();
  if (!parseFlags(command, argv, () => `see ${invocationOf("new")} --help`)) return undefined;
  const [kernel] = command.args;
  const { lang, out } = command.opts<{ lang: string; out?: string }>();
  const language = Object.hasOwn(LANGUAGES, lang) ? LANGUAGES[lang] : undefined;
  if (!language)
    throw usageError(`there is no language "${lang}"; there are ${Object.keys(LANGUAGES).join(", ")}`);
  const template = language.templates.find((one) => one.kernel === kernel);
  if (!template) {
    const known = language.templates.map((one) => one.kernel).join(", ");
    throw usageError(`there is no kernel "${kernel}" to start from in ${language.name}; there are ${known}`);
  }
  const file = out ?? `my_kernel${language.extension}`;
  mustBeFree(file, language.extension, language.name);
  return { language: language.name, template, out: file };
}

function newCommand(): Command {
  return new Command("new")
    .description("Writes a small correct kernel with its header, ready to be verified and timed.")
    .argument("<operator/form>", "what it computes, and how: ssd/chunked")
    .requiredOption("--lang <name>", `language: ${Object.keys(LANGUAGES).join(", ")}`)
    .option(
      "--out <file>",
      "where to; its name becomes the kernel's make (default my_kernel with the language's extension)",
    )
    .allowExcessArguments(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
}

/** Nobody's file is written over. */
function mustBeFree(file: string, extension: string, language: string): void {
  if (extname(file) !== extension)
    throw usageError(`--out ${file}: a kernel in ${language} is a ${extension} file`);
  if (statSync(file, { throwIfNoEntry: false }))
    throw usageError(`--out ${file} is there already; name another file`);
  const folder = dirname(resolve(file));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw usageError(`--out ${file}: there is no folder ${folder}; make it first`);
}
