/**
 * Whether examples are what the literature's definition says, from the tokens alone: it knows nothing of how they were made. Every
 * training looks at its first examples with it, since a model that is given its answers learns nothing and looks perfect.
 */
import type { Examples } from "./examples.js";
import type { MqarSizes } from "./mqar.js";

/** One sentence for each kind of fault, with the first example that has it. */
export function mqarFaults(sizes: MqarSizes, { count, length, tokens, targets }: Examples): string[] {
  const faults = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const own = (all: Int32Array) => all.subarray(i * length, (i + 1) * length);
    for (const fault of [...exampleFaults(sizes, own(tokens), own(targets))])
      if (!faults.has(fault)) faults.set(fault, `${fault} (example ${i})`);
  }
  return [...faults.values(), ...chanceFaults(sizes, { count, length, tokens, targets })];
}

function* exampleFaults(
  { length, pairs, vocabulary, fill }: MqarSizes,
  tokens: Int32Array,
  targets: Int32Array,
): Iterable<string> {
  const half = vocabulary / 2;
  const context = 2 * pairs;
  const answers = new Map<number, number>();
  for (let t = 0; t < context; t += 2) answers.set(tokens[t], tokens[t + 1]);
  if (answers.size !== pairs) yield "a key stands twice among the pairs";
  if (new Set(answers.values()).size !== pairs) yield "two keys have one value";
  for (const [key, value] of answers) {
    if (key < 1 || key >= half) yield "a key is no token from 1 to below half of the vocabulary";
    if (value < half || value >= vocabulary) yield "a value is no token of the upper half of the vocabulary";
  }
  const asked = new Set<number>();
  for (let t = 0; t < length; t++) {
    const token = tokens[t];
    if (token < 0 || token >= vocabulary) yield "a token lies outside of the vocabulary";
    if (targets[t] < 0) {
      if (t >= context && fill === "zeros" && token !== 0) yield "a token that is not asked for is not 0";
      continue;
    }
    if (t < context) yield "a target stands among the pairs";
    else if ((t - context) % 2 !== 0) yield "a target stands at an odd gap";
    if (!answers.has(token)) yield "what is asked for is no key of the example";
    else if (answers.get(token) !== targets[t]) yield "a target is not the value of its key";
    if (asked.has(token)) yield "a key is asked for twice";
    asked.add(token);
  }
  if (asked.size !== pairs) yield `${asked.size} keys are asked for, not ${pairs}`;
}

/** How far around a query an answer is looked for. */
const NEAR = 3;

/**
 * Behind the pairs no token tells the answer of a query: where the rest is 0 it never stands there, where it is random no more often than
 * chance has it at any place before or behind a query.
 */
function chanceFaults({ pairs, vocabulary, fill }: MqarSizes, examples: Examples): string[] {
  const { count, length, tokens, targets } = examples;
  const offsets = Array.from({ length: 2 * NEAR + 1 }, (_, i) => i - NEAR);
  return offsets.flatMap((offset) => {
    let seen = 0;
    let looked = 0;
    for (let i = 0; i < count; i++)
      for (let t = 2 * pairs; t < length; t++) {
        const at = t + offset;
        if (targets[i * length + t] < 0 || at < 2 * pairs || at >= length) continue;
        looked++;
        if (tokens[i * length + at] === targets[i * length + t]) seen++;
      }
    const mean = fill === "zeros" ? 0 : looked / vocabulary;
    // five deviations of a Poisson count, and two sightings more where hardly one is expected
    const most = fill === "zeros" ? 0 : mean + 5 * Math.sqrt(mean) + 2;
    return seen > most
      ? [
          `the answer stands at place ${offset} from its query ${seen} times of ${looked}, by chance ${mean.toFixed(1)}`,
        ]
      : [];
  });
}
