/** What random problems found, as `verify` prints it: the table, what was not taken, failures with the command that repeats each. */
import { laws } from "../../../suites/laws/index.js";
import { formatPolicy, type PolicyRow } from "../../../suites/verify/policy.js";
import type { Failure } from "../../../suites/verify/replay.js";
import { formatTable, type TableRow } from "../../../suites/verify/table.js";
import { shellWord } from "../words.js";
import { type VerifyOptions, verifyInvocation } from "./options.js";

interface Told {
  readonly table: readonly TableRow[];
  /** Where runs had values that are not finite. */
  readonly policy?: readonly PolicyRow[];
  readonly skips: ReadonlyMap<string, number>;
  readonly failures: readonly Failure[];
}

export function tell({ table, policy = [], skips, failures }: Told, options: VerifyOptions): void {
  for (const line of formatTable(table)) console.log(line);
  for (const line of formatPolicy(policy)) console.log(line);
  for (const [why, times] of skips) console.log(`skip ${why} (${times}x)`);
  for (const { law, target, counterexample, token } of failures) {
    console.log(`\nFAIL ${target} breaks ${law}: ${laws.find(({ name }) => name === law)?.states}`);
    for (const line of counterexample) console.log(`  ${line}`);
    console.log(`  again: ${again(options, "--replay", token)}`);
  }
  if (failures.length > 0) console.log("");
}

/** The command that does the same again. */
export function again(options: VerifyOptions, flag: string, value: string): string {
  return [verifyInvocation(), flag, shellWord(value), ...chosen(options).map(shellWord)].join(" ");
}

/** The flags that choose what is verified on random problems; a token names its operator and law itself. */
export function asked(options: VerifyOptions): string[] {
  const { operator, law } = options;
  return [
    ...chosen(options),
    ...operator.flatMap((name) => ["--operator", name]),
    ...law.flatMap((name) => ["--law", name]),
  ];
}

/** The flags that choose what is verified. */
export function chosen(options: VerifyOptions): string[] {
  const { engine, device, impl, filter, shapes, deadline } = options;
  return [
    ...engine.flatMap((name) => ["--engine", name]),
    ...device.flatMap((name) => ["--device", name]),
    ...impl.flatMap((file) => ["--impl", file]),
    ...(filter === undefined ? [] : ["--filter", filter]),
    ...(shapes === undefined ? [] : ["--shapes", String(shapes)]),
    ...(deadline === undefined ? [] : ["--deadline", String(deadline)]),
  ];
}
