/**
 * Lines of results.jsonl into records. A line that cannot be read is told with its field and what to do, and never hides another;
 * what can be read is made safe to show.
 */
import type { z } from "zod";
import { quotedValue, visible, visibleDeep } from "../text.js";
import type { IdKey } from "./case-id.js";
import { completed } from "./older.js";
import {
  type CaseRecord,
  caseRecordSchema,
  failedSchema,
  type ResumeRecord,
  type RunRecord,
  resumeRecordSchema,
  runRecordSchema,
} from "./row.js";
import { type TrainingRecord, trainingRecordSchema } from "./training.js";

export type AnyRecord = RunRecord | ResumeRecord | CaseRecord | TrainingRecord;

/** A record, or why there is none. */
export type Reading = { readonly record: AnyRecord } | { readonly why: string };

/** What a clock that saw nothing pass makes of a case. */
export const BELOW_TICK = "below the clock's tick: its median is zero";

const SCHEMAS = {
  run: runRecordSchema,
  resume: resumeRecordSchema,
  case: caseRecordSchema,
  training: trainingRecordSchema,
} as const;
const AGAIN = "--resume measures its case again";
const NEWER = "a newer version of dualbench may have written it: update dualbench to read it";

export function parseLine(text: string): Reading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { why: `is no JSON, it was cut off or damaged; ${AGAIN}` };
  }
  const kind = (value as { record?: unknown } | null)?.record;
  if (typeof kind !== "string")
    return { why: `has no field "record", so it is no record of a run; remove it` };
  if (!Object.hasOwn(SCHEMAS, kind)) return { why: `has record ${quotedValue(kind)}; ${NEWER}` };
  const foreign = PROTOTYPE.test(text) ? pathTo(value, "__proto__") : undefined;
  if (foreign) return { why: `${subject(value)}${foreign.join(".")} is no field of a record; remove it` };
  const parsed = SCHEMAS[kind as keyof typeof SCHEMAS].safeParse(untimed(value));
  if (!parsed.success) return { why: `${subject(value)}${complaint(parsed.error, value)}` };
  return { record: safe(parsed.data as AnyRecord, text) };
}

/** Spelt out or escaped, in the text of a record. */
const PROTOTYPE = /__proto__|\\u005f/i;
/** Whether strings of a record may hold anything but plain text. */
const UNSAFE = /\\[bfnrtu]|[\p{Cc}\p{Cf}\u2028\u2029]/u;

/** With text that can be shown. Ids of a plan stay as they are: nobody shows them, and they hold tabs. */
function safe(record: AnyRecord, text: string): AnyRecord {
  if (record.record === "case") {
    const row = completed(record.row);
    return { ...record, row: UNSAFE.test(text) ? (visibleDeep(row) as CaseRecord["row"]) : row };
  }
  if (record.record === "training")
    return { ...record, row: visibleDeep(record.row) as TrainingRecord["row"] };
  const { command, startedUtc } = record;
  return {
    ...record,
    command: visible(command),
    startedUtc: visible(startedUtc),
    environment: visibleDeep(record.environment) as RunRecord["environment"],
  };
}

/** What stands wrong in a record before it is written: the field and its value; undefined where all is well. */
export function wrongField(record: CaseRecord): string | undefined {
  const foreign = pathTo(record.row, "__proto__");
  if (foreign) return `${foreign.join(".")} is no field of a record`;
  const parsed = caseRecordSchema.safeParse(record);
  return parsed.success ? undefined : fieldWords(parsed.error.issues[0], record);
}

/** What stands wrong in an option that a case id spells, e.g. `chunk is "auto": expected number, received string`. */
export function wrongKey(key: IdKey, value: unknown): string | undefined {
  if (key === "device") return undefined;
  const parsed = failedSchema.shape[key].safeParse(value);
  if (!parsed.success) return fieldWords({ ...parsed.error.issues[0], path: [key] }, { [key]: value });
  const spells = typeof value !== "string" || /^[a-z0-9._-]+$/.test(value);
  return spells ? undefined : `${key} is ${quotedValue(value)}: a case id needs [a-z0-9._-]+`;
}

/** A median of zero is no time: older versions stored it as one. */
function untimed(value: unknown): unknown {
  const { row } = value as { row?: { status?: unknown; medianNs?: unknown } };
  if (row?.status !== "measured" || row.medianNs !== 0) return value;
  return { record: "case", row: { ...row, status: "failed", reason: BELOW_TICK } };
}

/** The case's id, where it has one, before what is said of it. */
function subject(value: unknown): string {
  const id = (value as { row?: { id?: unknown } }).row?.id;
  return typeof id === "string" ? `(${visible(id).slice(0, 160)}): ` : "";
}

function complaint(error: z.ZodError, value: unknown): string {
  const [issue] = error.issues;
  const words = fieldWords(issue, value);
  const known = issue.code === "invalid_value" || issue.code === "invalid_union";
  // a word where another word is expected: versions to come may know more of them
  return known && typeof valueAt(value, issue.path) === "string"
    ? `${words}; ${NEWER}`
    : `${words}; ${AGAIN}`;
}

function fieldWords({ path, message }: z.core.$ZodIssue, value: unknown): string {
  const expected = message === "Invalid input" ? "expected text, a number, true, false or null" : message;
  const name = path.map(String).join(".") || "it";
  return visible(
    `${name} is ${quotedValue(valueAt(value, path))}: ${expected.replace(/^Invalid input: /, "")}`,
  );
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

/** Where a key stands, however deep: by a list of what is left to look at, not by recursion. */
function pathTo(value: unknown, wanted: string): string[] | undefined {
  const left: { value: unknown; path: string[] }[] = [{ value, path: [] }];
  for (let one = left.pop(); one; one = left.pop()) {
    if (typeof one.value !== "object" || one.value === null) continue;
    for (const [key, inner] of Object.entries(one.value)) {
      const path = [...one.path.slice(0, 20), key];
      if (key === wanted) return path;
      left.push({ value: inner, path });
    }
  }
  return undefined;
}
