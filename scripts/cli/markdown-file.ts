/** The file of `--markdown`. */
import { basename, dirname } from "node:path";
import { reasonOf } from "../../reports/rows/errors.js";
import { makeFolder, writeInto } from "../../reports/rows/folder.js";
import { usageError } from "./exit.js";

/** @returns the file. @throws Stop */
export function writeMarkdown(file: string, text: string): string {
  try {
    makeFolder(dirname(file));
    return writeInto(dirname(file), basename(file), text);
  } catch (error) {
    throw usageError(`cannot write ${file}: ${reasonOf(error)}; --markdown takes a file's path`);
  }
}
