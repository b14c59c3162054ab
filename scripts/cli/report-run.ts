/** `report`: from one or more run folders. One folder is drawn where it lies, several go into a new one. */
import { Command, CommanderError } from "commander";
import { ForeignRun, mergeRuns } from "../../reports/merge.js";
import { RunStore, StoreError } from "../../reports/store.js";
import { EXIT, Stop, usageError } from "./exit.js";
import { publishRun } from "./publish.js";
import { defaultFolder } from "./words.js";

/** @returns the exit code. @throws Stop */
export async function report(argv: readonly string[]): Promise<number> {
  const command = new Command("report")
    .description("Draws stored runs again; merges the shards of one plan, of machines of one kind.")
    .argument("<dir...>", "folders that bench has written")
    .option("--out <dir>", "folder for the merged run; must hold none yet")
    .option("--json", "print one JSON document on stdout")
    .option("--no-color", "no colour")
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.good;
    throw usageError(`${error.message.replace(/^error: /, "")}; type npm run report -- DIR...`);
  }
  const { out, json, color } = command.opts<{ out?: string; json?: boolean; color: boolean }>();
  try {
    return await reportOn(command.args, out, { json: json === true, colour: color });
  } catch (error) {
    if (error instanceof ForeignRun) throw new Stop(EXIT.inconclusive, error.message);
    throw error instanceof StoreError ? usageError(error.message) : error;
  }
}

async function reportOn(
  folders: readonly string[],
  out: string | undefined,
  options: { readonly json: boolean; readonly colour: boolean },
): Promise<number> {
  const { run, cases } = mergeRuns(folders);
  const wrong = cases.some(({ row }) => row.status === "rejected" || row.status === "failed");
  const exitCode = wrong ? EXIT.wrong : EXIT.good;
  let folder = folders[0];
  if (folders.length > 1 || out !== undefined) {
    folder = out ?? defaultFolder(new Date().toISOString());
    const store = RunStore.create(folder, run);
    store.append(cases);
    store.close();
  }
  return publishRun(cases, run, folder, { ...options, charts: true, exitCode });
}
