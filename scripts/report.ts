/** `npm run report -- DIR...`: charts, table and report.html again from the results of one run, or of several shards. */
import { exitCodeOf } from "./cli/exit.js";
import { report } from "./cli/report/run.js";

process.exitCode = await exitCodeOf(() => report(process.argv.slice(2)));
