/** The options of a case as ids spell them, and what a stored id says of them. */
import type { Options } from "../../impls/prepared.js";
import { ID_KEYS, parseCaseId, parsePlanId } from "../../reports/rows/case-id.js";
import { wrongKey } from "../../reports/rows/parse.js";
import { quotedValue } from "../../reports/text.js";

export interface Sought {
  readonly suite: string;
  /** `operator/form.engine` */
  readonly name: string;
  /** What the problem and its place give the id, whatever the options are. */
  readonly fixed: ReadonlyMap<string, unknown>;
  /** What the implementation would choose today. */
  readonly own: Options;
}

/** The options that the stored id of this case spells, where there is one. */
export function storedOptions(
  storedIds: readonly string[],
  { suite, name, fixed, own }: Sought,
): Options | undefined {
  for (const text of storedIds) {
    const stored = parsePlanId(text);
    if (stored.suite !== suite) continue;
    const { name: storedName, keys } = parseCaseId(stored.id);
    if (storedName !== name || ![...fixed].every(([key, value]) => keys.get(key) === String(value))) continue;
    const options = Object.fromEntries(
      [...keys]
        .filter(([key]) => !fixed.has(key))
        .map(([key, value]) => [key, /^\d+$/.test(value) && key !== "make" ? Number(value) : value]),
    );
    if (options.make === own.make && options.threads === own.threads) return options;
  }
  return undefined;
}

/** Options as a case id and a row can spell them; one that cannot be read back makes its case fail, and no other. */
export function spelledOptions(options: Options): { wrong?: string; spelled: Options } {
  const spelled: Record<string, unknown> = { ...options };
  let wrong: string | undefined;
  for (const key of ID_KEYS) {
    if (spelled[key] === undefined) continue;
    const why = wrongKey(key, spelled[key]);
    if (why === undefined) continue;
    wrong ??= why;
    spelled[key] =
      quotedValue(spelled[key])
        .toLowerCase()
        .replace(/[^a-z0-9._]+/g, "-")
        .replace(/^-|-$/g, "") || "none";
  }
  return { ...(wrong === undefined ? {} : { wrong }), spelled: spelled as Options };
}
