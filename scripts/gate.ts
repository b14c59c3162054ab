/** `npm run gate`: holds a change against its base, or a machine against its own past. */
import { exitCodeOf } from "./cli/exit.js";
import { gate } from "./cli/gate/modes.js";

process.exitCode = await exitCodeOf(() => gate(process.argv.slice(2)));
