/** Draws in a process of its own: renderers are native code, and a crash there must not cost the run its last words. */
import { publish } from "../../reports/publish.js";
import { mergeRuns, readSources } from "../../reports/rows/merge.js";

let isDone = false;
process.on("SIGINT", () => {});
// whoever waited for the charts has gone
process.on("disconnect", () => {
  if (!isDone) process.exit();
});
process.on("message", async (folder: string) => {
  const problems: string[] = [];
  try {
    const { sources, trainings } = readSources(folder);
    const { run, rows } = mergeRuns(sources);
    const files = await publish(run, rows, folder, (sentence) => problems.push(sentence), { trainings });
    process.send?.({ files, ...(problems.length > 0 ? { why: problems.join("; ") } : {}) });
  } catch (error) {
    process.send?.({ why: error instanceof Error ? error.message : String(error) });
  }
  isDone = true;
  process.disconnect();
});
