/**
 * The folder of a run. `results.jsonl` only grows: a record of the run, then one a case, each synced to the disk before the next
 * case starts. A crash loses at most the case in flight; a torn last line is dropped on reading and cut off on resuming.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { reasonOf, StoreError } from "./errors.js";
import { lockFolder } from "./lock.js";
import { completed } from "./older.js";
import {
  type CaseRecord,
  caseRecordSchema,
  type ResumeRecord,
  type Row,
  type RunRecord,
  resumeRecordSchema,
  runRecordSchema,
} from "./row.js";

export const RESULTS = "results.jsonl";

export interface StoredRun {
  readonly run: RunRecord;
  readonly resumes: readonly ResumeRecord[];
  readonly cases: readonly CaseRecord[];
  /** Length of the file up to its last whole record. */
  readonly wholeBytes: number;
}

/** Rows of a run folder, torn tail dropped. @throws StoreError */
export function readRun(folder: string): StoredRun {
  const file = join(folder, RESULTS);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new StoreError(
      `cannot read ${file}: ${reasonOf(error)}; give a folder that a bench run has written`,
    );
  }
  return parseRun(bytes, file);
}

export function readRows(folder: string): Row[] {
  return readRun(folder).cases.map(({ row }) => row);
}

function parseRun(bytes: Buffer, file: string): StoredRun {
  let run: RunRecord | undefined;
  const resumes: ResumeRecord[] = [];
  const cases: CaseRecord[] = [];
  let wholeBytes = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(0x0a, wholeBytes);
    if (end < 0) break;
    const record = parseLine(bytes.toString("utf8", wholeBytes, end));
    if (!record) {
      // after a power loss the last block may hold anything; before the last line it is damage
      if (bytes.indexOf(0x0a, end + 1) < 0 && bytes.length <= end + 1) break;
      throw new StoreError(`${file}: line ${line} is not a record of a run; remove that line, or run again`);
    }
    if (record.record === "run") run ??= record;
    else if (record.record === "resume") resumes.push(record);
    else cases.push({ ...record, row: completed(record.row) });
    wholeBytes = end + 1;
  }
  if (!run)
    throw new StoreError(
      `${file} holds no run: its first record is missing; remove the folder and run again`,
    );
  return { run, resumes, cases, wholeBytes };
}

function parseLine(text: string): RunRecord | ResumeRecord | CaseRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const schema of [caseRecordSchema, runRecordSchema, resumeRecordSchema]) {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
  }
  return undefined;
}

/**
 * Before anything is measured: may a run be written here? Changes nothing.
 * @throws StoreError
 */
export function checkFolder(folder: string): void {
  if (existsSync(join(folder, RESULTS)))
    throw new StoreError(
      `${folder} already holds results; choose another folder with --out, or go on with --resume ${folder}`,
    );
  let nearest = resolve(folder);
  while (!existsSync(nearest)) nearest = dirname(nearest);
  try {
    if (!statSync(nearest).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch (error) {
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
    const store = RunStore.open(folder, "r+", wholeBytes);
    ftruncateSync(store.file, wholeBytes);
    store.append([resume]);
    return store;
  }

  private static open(folder: string, flags: string, wholeBytes: number): RunStore {
    let unlock = () => {};
    try {
      mkdirSync(folder, { recursive: true });
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
  append(records: readonly (RunRecord | ResumeRecord | CaseRecord)[]): void {
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
