/** Which keys a query sees: always one run of neighbours. */
import { documentsOfSource } from "../../documents.js";
import type { Problem } from "../../operator.js";

/** Keys [first, end) of each query, (batch, length); empty where the two are equal. Both never fall from one query to the next. */
export interface VisibleKeys {
  readonly first: Int32Array;
  readonly end: Int32Array;
}

/** @param problem of attention */
export function visibleKeys({
  dims,
  inputs,
  settings,
}: Pick<Problem, "dims" | "inputs" | "settings">): VisibleKeys {
  const { batch, length, context } = dims as Readonly<Record<string, number>>;
  const window = (settings.window as number) || Number.POSITIVE_INFINITY;
  const rows = inputs.documents && documentsOfSource(inputs.documents);
  const first = new Int32Array(batch * length);
  const end = new Int32Array(batch * length);
  for (let b = 0; b < batch; b++)
    for (const document of rows?.[b] ?? [{ start: 0, end: context }]) {
      const queries = rows ? document : { start: 0, end: length };
      for (let t = queries.start; t < queries.end; t++) {
        const last = settings.causal ? t + 1 : Math.min(document.end, t + window);
        first[b * length + t] = Math.min(last, Math.max(document.start, t - window + 1));
        end[b * length + t] = last;
      }
    }
  return { first, end };
}

/** Whether queries see less than causality leaves them. */
export function isNarrowed({ inputs, settings }: Pick<Problem, "inputs" | "settings">): boolean {
  return inputs.documents !== undefined || (settings.window as number) > 0;
}
