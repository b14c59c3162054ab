/** What tests have in the place of `suites/processes/fork.ts`: processes start from the program as JavaScript (`program.ts`). */
import type { ChildProcess } from "node:child_process";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { forkModule } from "../suites/processes/fork.js";
import { programFile, root } from "./scripts/cli.js";

export { forkModule };

/** A module beside another one, as in the sources. */
export function forkBeside(base: string, name: string): ChildProcess {
  return forkModule(programFile(join(relative(root, dirname(fileURLToPath(base))), name)));
}
