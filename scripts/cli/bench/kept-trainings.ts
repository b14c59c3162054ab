/** States of trainings that have begun, in the folder of their run: what `--resume` goes on from, also behind a SIGKILL. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeInto } from "../../../reports/rows/folder.js";
import type { TrainingRun } from "../../../suites/learning/run.js";

const FOLDER = "unfinished";

export function keptTrainings(run: string): TrainingRun["kept"] & { close(): void } {
  const folder = join(run, FOLDER);
  const nameOf = (id: string) => `${createHash("sha256").update(id).digest("hex").slice(0, 16)}.state`;
  return {
    read(id) {
      const file = join(folder, nameOf(id));
      return existsSync(file) ? readFileSync(file) : undefined;
    },
    write(id, bytes) {
      makeFolder(folder);
      writeInto(folder, nameOf(id), bytes);
    },
    drop: (id) => rmSync(join(folder, nameOf(id)), { force: true }),
    close() {
      try {
        rmdirSync(folder);
      } catch {
        // it holds what a later run needs, or was never made
      }
    },
  };
}
