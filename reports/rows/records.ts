/** The records of a results.jsonl in their order, and what became of lines that are none. */
import { planId } from "./case-id.js";
import { StoreError } from "./errors.js";
import { parseLine, type Reading } from "./parse.js";
import type { CaseRecord, ResumeRecord, RunRecord } from "./row.js";
import type { TrainingRow } from "./training.js";

export interface StoredRun {
  readonly run: RunRecord;
  /** The record of the run was missing or unreadable: what `run` says comes from the rows. */
  readonly headless: boolean;
  readonly resumes: readonly ResumeRecord[];
  readonly cases: readonly CaseRecord[];
  /** One for each id: the last. */
  readonly trainings: readonly TrainingRow[];
  /** Where and when the cases were measured: from this place in the list on, by the run or by what went on with it. */
  readonly parts: readonly { readonly from: number; readonly record: RunRecord | ResumeRecord }[];
  /** One sentence for each line that cannot be read or that says twice what another has said. */
  readonly faults: readonly string[];
  /** How many of them are lines that cannot be read. */
  readonly unreadable: number;
  /** Length of the file up to its last whole record. */
  readonly wholeBytes: number;
}

/** @throws StoreError when there is no record at all */
export function parseRun(bytes: Buffer, file: string): StoredRun {
  const reader = new Reader();
  // an editor's mark of the encoding is no part of the first record
  let wholeBytes = bytes.subarray(0, 3).equals(BOM) ? BOM.length : 0;
  if (bytes[0] === 0xff && bytes[1] === 0xfe)
    throw new StoreError(`${file} is UTF-16 text; save it as UTF-8`);
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(0x0a, wholeBytes);
    if (end < 0) break;
    const text = bytes.toString("utf8", wholeBytes, end);
    const reading = /\S/.test(text) ? parseLine(text) : undefined;
    // after a power loss the last block may hold anything; before the last line it is damage
    if (reading && "why" in reading && bytes.length <= end + 1 && !isJson(text)) break;
    if (reading) reader.take(line, reading);
    wholeBytes = end + 1;
  }
  return reader.result(file, wholeBytes);
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Records in their order, and what became of the lines. */
class Reader {
  private run: RunRecord | undefined;
  private readonly resumes: ResumeRecord[] = [];
  private cases: CaseRecord[] = [];
  private readonly trainings = new Map<string, TrainingRow>();
  private readonly parts: { from: number; record: RunRecord | ResumeRecord }[] = [];
  private readonly faults: { line: number; why: string }[] = [];
  private readonly repeated: { line: number; why: string }[] = [];
  private readonly lines = new Map<string, number>();

  take(line: number, reading: Reading): void {
    if ("why" in reading) {
      this.faults.push({ line, why: reading.why });
      return;
    }
    const { record } = reading;
    if (record.record === "case") this.case(line, record);
    else if (record.record === "training") this.trainings.set(record.row.id, record.row);
    else if (record.record === "resume") {
      this.resumes.push(record);
      this.anew(record.anew ?? []);
      this.parts.push({ from: this.cases.length, record });
    } else if (this.run)
      this.faults.push({ line, why: "is a second record of a run; remove what was pasted in" });
    else {
      this.run = record;
      this.parts.push({ from: this.cases.length, record });
    }
  }

  private case(line: number, record: CaseRecord): void {
    const { suite, id, device } = record.row;
    const key = `${planId(suite, id)}\t${device}`;
    const earlier = this.lines.get(key);
    if (earlier !== undefined)
      this.repeated.push({
        line,
        why: `repeats the case of line ${earlier} (${suite} ${id}); the later one counts`,
      });
    this.lines.set(key, line);
    this.cases.push(record);
  }

  /** What began anew counts no longer. */
  private anew(keys: readonly string[]): void {
    if (keys.length === 0) return;
    const gone = new Set(keys);
    const stays = ({ row }: CaseRecord) => !gone.has(planId(row.suite, row.id));
    for (const part of this.parts) part.from = this.cases.slice(0, part.from).filter(stays).length;
    for (const { row } of this.cases.filter((one) => !stays(one)))
      this.lines.delete(`${planId(row.suite, row.id)}\t${row.device}`);
    this.cases = this.cases.filter(stays);
  }

  result(file: string, wholeBytes: number): StoredRun {
    const { run, cases, faults, repeated } = this;
    const sentences = [...faults, ...repeated]
      .sort((a, b) => a.line - b.line)
      .map(({ line, why }) => `${file}: line ${line} ${why}`);
    if (!run && cases.length === 0)
      throw new StoreError(
        sentences[0] ?? `${file} holds no run: its first record is missing; remove the folder and run again`,
      );
    const parts = run ? this.parts : [{ from: 0, record: headlessRun(cases) }, ...this.parts];
    return {
      run: run ?? headlessRun(cases),
      headless: !run,
      resumes: this.resumes,
      cases,
      trainings: [...this.trainings.values()],
      parts,
      faults: sentences,
      unreadable: faults.length,
      wholeBytes,
    };
  }
}

/** What rows alone say of their run, e.g. those that a page of an earlier version has offered. */
function headlessRun(cases: readonly CaseRecord[]): RunRecord {
  const [{ row }] = cases;
  return {
    record: "run",
    version: 1,
    command: "unknown",
    plan: {
      grid: "unknown",
      seed: row.seed,
      options: {},
      ids: cases.map(({ row }) => planId(row.suite, row.id)),
    },
    environment: {},
    startedUtc: row.timeUtc,
  };
}
