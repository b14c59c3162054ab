/** `npm run new`: a small correct kernel in the language of your choice, ready to be measured. */
import { exitCodeOf } from "./cli/exit.js";
import { writeKernel } from "./cli/new/run.js";

process.exitCode = await exitCodeOf(() => writeKernel(process.argv.slice(2)));
