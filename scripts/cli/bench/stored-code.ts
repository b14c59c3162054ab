/** Whether the code that would go on with a run is the code that began it. */
import { basename } from "node:path";
import { z } from "zod";

/** What an environment tells of the code; older ones tell the commit alone. */
const codeSchema = z.object({
  commit: z.string().nullish(),
  dirty: z.boolean().nullish(),
  dualbench: z.object({ version: z.string(), code: z.string() }).nullish(),
  packages: z.record(z.string(), z.string().nullable()).nullish(),
  sources: z.record(z.string(), z.string()).nullish(),
});
export type Code = z.infer<typeof codeSchema>;

export function codeOf(environment: unknown): Code {
  return codeSchema.safeParse(environment).data ?? {};
}

export interface Change {
  /** Name of the user's module that has changed; undefined where all code may have. */
  readonly file: string | undefined;
  readonly words: string;
}

/** @param used packages that computed: others may change as they like */
export function changesOf(before: Code, now: Code, used: ReadonlySet<string>): Change[] {
  const changes: Change[] = [];
  const differ = (what: string, then: string, here: string) => {
    if (then !== here) changes.push({ file: undefined, words: `${what} was ${then}, is ${here}` });
  };
  differ("the commit", commitOf(before), commitOf(now));
  if (before.dualbench && now.dualbench) {
    differ("dualbench", before.dualbench.version, now.dualbench.version);
    differ("the hash of its code", before.dualbench.code, now.dualbench.code);
  }
  for (const [name, version] of Object.entries(before.packages ?? {}))
    if (used.has(name)) differ(`package ${name}`, version ?? "absent", now.packages?.[name] ?? "absent");
  const hashes = new Map(Object.entries(before.sources ?? {}).map(([path, hash]) => [basename(path), hash]));
  for (const [path, hash] of Object.entries(now.sources ?? {})) {
    const file = basename(path);
    const then = hashes.get(file) ?? "unknown";
    if (then !== hash) changes.push({ file, words: `${file}, or what it imports, was ${then}, is ${hash}` });
  }
  return changes;
}

function commitOf({ commit, dirty }: Code): string {
  return `${commit ?? "unknown"}${dirty ? " with changes" : ""}`;
}
