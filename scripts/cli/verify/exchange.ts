/** `--export` and `--outputs`: problems for kernels in any language, and what they wrote back. */
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { operators } from "../../../impls/index.js";
import { plural } from "../../../reports/format.js";
import { makeFolder, readPlain, writeInto } from "../../../reports/rows/folder.js";
import { visible } from "../../../reports/text.js";
import { oneLine } from "../../../suites/processes/one-line.js";
import { exported, judge, parseProblemName } from "../../../suites/verify/files/exchange.js";
import { goldenFiles } from "../../../suites/verify/files/golden.js";
import { EXIT, Stop, usageError, warn } from "../exit.js";
import { shellWord } from "../words.js";
import { type VerifyOptions, verifyInvocation } from "./options.js";

/** @returns the exit code. @throws Stop */
export function exportProblems(folder: string, { cases, seed, operator: names }: VerifyOptions): number {
  try {
    makeFolder(folder);
    mustBeEmpty(folder);
  } catch (error) {
    throw error instanceof Stop ? error : usageError(`cannot make --export ${folder}: ${oneLine(error)}`);
  }
  const chosen = operators.filter(({ name }) => names.length === 0 || names.includes(name));
  let count = 0;
  for (const operator of chosen) {
    for (const { name, bytes } of exported(operator, seed, cases)) {
      writeInto(folder, `${name}.safetensors`, bytes);
      count++;
    }
  }
  writeInto(folder, "README.md", readme(folder));
  console.log(`${folder}: ${plural(count, "problem")} of ${chosen.map(({ name }) => name).join(", ")}`);
  console.log(`what a kernel writes back: ${verifyInvocation()} --outputs DIR`);
  return EXIT.good;
}

/** Nobody's files are written over, and none of an earlier export stay among the new ones. */
function mustBeEmpty(folder: string): void {
  if (readdirSync(folder).length > 0)
    throw usageError(`--export ${folder} holds files already; name a new folder`);
}

/** @returns the exit code. @throws Stop */
export function judgeOutputs(folder: string): number {
  let [passed, failed] = [0, 0];
  for (const file of goldenFiles(folder)) {
    const name = basename(file, ".safetensors");
    const { ok, detail } = judged(file, name);
    if (ok) passed++;
    else failed++;
    console.log(visible(`${ok ? "pass" : "fail"} ${name} ${detail}`));
  }
  console.log(`${passed} passed, ${failed} failed, 0 skipped`);
  if (passed + failed > 0) return failed > 0 ? EXIT.wrong : EXIT.good;
  warn(`nothing was judged: no *.safetensors in ${folder}`);
  return EXIT.nothingToMeasure;
}

function judged(file: string, name: string) {
  try {
    return judge(parseProblemName(name, operators), readPlain(file));
  } catch (error) {
    return { ok: false, detail: oneLine(error) };
  }
}

function readme(folder: string): string {
  return `# Problems of sequence operators

Each \`NAME.safetensors\` is one problem: 8 bytes little-endian length of the header, the header as JSON, then the tensors,
little-endian and in C order. \`__metadata__\` holds strings: \`operator\`, and as JSON \`dims\`, \`settings\`, \`layout\` (the axes of
each tensor) and \`rounding\` (what the bounds allow for).
What an operator computes stands in dualbench's \`impls/OPERATOR/README.md\`.

| tensor | |
|---|---|
| \`X\`, \`logA\`, ... | inputs, float32; those that are not there are not part of the problem |
| \`out.Y\`, ... | expected outputs, float64 |
| \`bound.Y\`, ... | how far each element of a float32 kernel may be off, float64 |

Write a file of the same name into another folder, with the outputs (\`Y\`, ...; float32 or float64), then

    ${verifyInvocation()} --outputs DIR

It makes each problem anew from its name, so that only the outputs come from you, and prints \`pass\` or \`fail\` with the worst element.
\`examples/numpy_kernel.py\` does the round trip in Python: \`python3 numpy_kernel.py ${shellWord(folder)} DIR\`.
`;
}
