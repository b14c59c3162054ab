/**
 * The folder of a run. `results.jsonl` only grows: a record of the run, then one a case, each synced to the disk before the next
 * case starts. A crash loses at most the case in flight; a torn last line is dropped on reading and cut off on resuming.
 */
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { reasonOf, StoreError } from "./errors.js";
import { kindOf, makeFolder, readPlain, tryFolder } from "./folder.js";
import { lockFolder } from "./lock.js";
import type { AnyRecord } from "./parse.js";
import { parseRun, type StoredRun } from "./records.js";
import type { ResumeRecord, Row, RunRecord } from "./row.js";

export type { StoredRun } from "./records.js";

export const RESULTS = "results.jsonl";

/** Rows of a run folder, or of a file that a page has offered; torn tail dropped. @throws StoreError when there are none */
export function readRun(folder: string): StoredRun {
  const file = resultsFile(folder);
  let bytes: Buffer;
  try {
    bytes = readPlain(file);
  } catch (error) {
    throw new StoreError(
      `cannot read ${file}: ${reasonOf(error)}; give a folder that a bench run has written`,
    );
  }
  return parseRun(bytes, file);
}

/** The rows that can be read; `readRun` says which lines cannot. */
export function readRows(folder: string): Row[] {
  return readRun(folder).cases.map(({ row }) => row);
}

/** The results of a folder, or a file itself. */
export function resultsFile(folder: string): string {
  return folder.endsWith(".jsonl") && existsSync(folder) && !statSync(folder).isDirectory()
    ? folder
    : join(folder, RESULTS);
}

/**
 * Before anything is measured: may a run be written here? Changes nothing.
 * @throws StoreError
 */
export function checkFolder(folder: string): void {
  try {
    // a link that leads nowhere is something as well
    if (lstatSync(join(folder, RESULTS), { throwIfNoEntry: false }))
      throw new StoreError(
        `${folder} already holds results; choose another folder with --out, or go on with --resume ${folder}`,
      );
    tryFolder(folder);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(`cannot write into ${folder}: ${reasonOf(error)}; choose another folder with --out`);
  }
}

/** The one writer of a folder. */
export class RunStore {
  private bytes: number;

  private constructor(
    readonly folder: string,
    private readonly file: number,
    private readonly unlock: () => void,
    wholeBytes: number,
  ) {
    this.bytes = wholeBytes;
  }

  /** A new folder, or an empty one. @throws StoreError */
  static create(folder: string, run: RunRecord): RunStore {
    checkFolder(folder);
    const store = RunStore.open(folder, "wx", 0);
    try {
      store.append([run]);
    } catch (error) {
      // nothing half-written: the folder is as usable as before
      store.close();
      rmSync(join(folder, RESULTS), { force: true });
      throw error;
    }
    return store;
  }

  /** Goes on where a run stopped: cuts a torn tail off. @throws StoreError */
  static resume(folder: string, resume: ResumeRecord): RunStore {
    const { wholeBytes } = readRun(folder);
    const there = lstatSync(join(folder, RESULTS));
    if (!there.isFile())
      throw new StoreError(
        `${join(folder, RESULTS)} is ${kindOf(there)}; --resume writes into plain files only`,
      );
    const store = RunStore.open(folder, constants.O_RDWR, wholeBytes);
    ftruncateSync(store.file, wholeBytes);
    store.append([resume]);
    return store;
  }

  private static open(folder: string, flags: string | number, wholeBytes: number): RunStore {
    let unlock = () => {};
    try {
      makeFolder(folder);
      unlock = lockFolder(folder);
      return new RunStore(folder, openSync(join(folder, RESULTS), flags), unlock, wholeBytes);
    } catch (error) {
      unlock();
      if (error instanceof StoreError) throw error;
      throw new StoreError(
        `cannot write into ${folder}: ${reasonOf(error)}; choose another folder with --out`,
      );
    }
  }

  /** Written and synced when this returns. @throws StoreError, with what was written before still whole */
  append(records: readonly AnyRecord[]): void {
    const text = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    try {
      for (let done = 0; done < text.length; )
        done += writeSync(this.file, text, done, text.length - done, this.bytes + done);
      fsyncSync(this.file);
      this.bytes += text.length;
    } catch (error) {
      ftruncateSync(this.file, this.bytes);
      throw new StoreError(
        `cannot write ${join(this.folder, RESULTS)}: ${reasonOf(error)}; ` +
          `finished cases are stored: make room and go on with --resume ${this.folder}`,
      );
    }
  }

  close(): void {
    closeSync(this.file);
    this.unlock();
  }
}
