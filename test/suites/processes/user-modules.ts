/** Modules of users for tests: a correct kernel with something done to it, written into a folder. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { programFile } from "../../scripts/cli.js";

const HEAD = `
import { recurrentCpu } from "${pathToFileURL(programFile("impls/ssd/recurrent.cpu")).href}";
/** The recurrent form of ours, told apart by its make. */
function kernel(make, more = {}) {
  return { ...recurrentCpu, source: "a test", options: () => [{ make }], ...more };
}
`;

/** @param body what follows the imports; `kernel(make, more)` makes a correct implementation. @returns the file */
export function userModule(folder: string, name: string, body: string): string {
  const file = join(folder, name);
  writeFileSync(file, `${HEAD}${body}\n`);
  return file;
}
