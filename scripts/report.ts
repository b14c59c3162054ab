/** `npm run report -- DIR...`: table, CSV, charts and report.html again from stored rows; several shards of one plan as one run. */

import { exitCodeOf } from "./cli/exit.js";
import { report } from "./cli/report-run.js";

process.exitCode = await exitCodeOf(() => report(process.argv.slice(2)));
