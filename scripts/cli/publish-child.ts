/** Draws in a process of its own: renderers are native code, and a crash there must not cost the run its last words. */
import { publish } from "../../reports/publish.js";
import { readRun } from "../../reports/rows/store.js";

process.on("SIGINT", () => {});
process.on("message", async (folder: string) => {
  const { run, cases } = readRun(folder);
  const rows = cases.map(({ row }) => row);
  try {
    process.send?.({ files: await publish(run, rows, folder) });
  } catch (error) {
    process.send?.({ why: error instanceof Error ? error.message : String(error) });
  }
  process.disconnect();
});
