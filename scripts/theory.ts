/** `npm run theory`: the statements of the Mamba-2 paper as properties. */
import { exitCodeOf } from "./cli/exit.js";
import { theory } from "./cli/theory/run.js";

process.exitCode = await exitCodeOf(() => theory(process.argv.slice(2)));
