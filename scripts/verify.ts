/** `npm run verify`: all forms against the float64 reference, by random problems and laws or by golden vectors. */
import { exitCodeOf } from "./cli/exit.js";
import { verify } from "./cli/verify/run.js";

process.exitCode = await exitCodeOf(() => verify(process.argv.slice(2)));
