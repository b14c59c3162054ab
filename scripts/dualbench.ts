#!/usr/bin/env node
/** The installed command: `dualbench bench ...` is what `npm run bench -- ...` is in the repository. */
import { EXIT } from "./cli/exit.js";
import { ownVersion } from "./cli/parse-flags.js";

/** Each script reads its own arguments. */
const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  bench: () => import("./bench.js"),
  gate: () => import("./gate.js"),
  new: () => import("./new.js"),
  report: () => import("./report.js"),
  theory: () => import("./theory.js"),
  verify: () => import("./verify.js"),
};

const [name, ...rest] = process.argv.slice(2);
const command = commands[name ?? ""];
if (command) {
  process.argv.splice(2, process.argv.length, ...rest);
  await command();
} else {
  const known = Object.keys(commands).join(", ");
  const asked = name === "--help" || name === "-h" || name === "--version";
  const line =
    name === "--version"
      ? `${ownVersion()}\n`
      : `dualbench <command> [options]; commands: ${known}; dualbench bench --help tells more\n`;
  if (asked) process.stdout.write(line);
  else
    process.stderr.write(
      `dualbench: ${name ? `there is no command "${name}"` : "a command is missing"}; type ${line}`,
    );
  process.exitCode = asked ? EXIT.good : EXIT.usage;
}
