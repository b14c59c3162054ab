/** `npm run bench`: verifies and times what this machine can run, and draws the figure. */
import { bench } from "./cli/bench/run.js";
import { exitCodeOf } from "./cli/exit.js";

process.exitCode = await exitCodeOf(() => bench(process.argv.slice(2)));
