import { readFileSync, writeFileSync } from "node:fs";
import { EXIT, usageError } from "../exit.js";
import { invocationOf } from "../invocation.js";
import { shellWord } from "../words.js";
import { parseNewOptions } from "./options.js";

/** @returns the exit code */
export async function writeKernel(argv: readonly string[]): Promise<number> {
  const options = parseNewOptions(argv);
  if (!options) return EXIT.good;
  const { language, template, out } = options;
  const text = readFileSync(template.file, "utf8");
  try {
    // not over a file that came there meanwhile
    writeFileSync(out, text, { flag: "wx" });
  } catch (error) {
    throw usageError(`cannot write ${out}: ${(error as Error).message}`);
  }
  const impl = `--impl ${shellWord(out)}`;
  process.stdout.write(
    [
      `${out}: ${template.kernel} in ${language}`,
      `${invocationOf("verify", "new")} ${impl}`,
      `${invocationOf("bench", "new")} ${impl} --suite sequence-length --grid quick`,
      "",
    ].join("\n"),
  );
  return EXIT.good;
}
