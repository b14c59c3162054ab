/** A binary search for the first commit at which a case is slower or broken. Knows neither git nor clocks: whoever asks judges a commit. */

/** What a commit was found to be, held against the good one. */
export interface Judged {
  /** none: nothing can be said of it, and `words` tell why. */
  readonly is: "good" | "slower" | "broken" | "none";
  /** One sentence without its end. */
  readonly words: string;
}

export interface Search {
  /** Place of the last commit that is good; -1 is the one before all. */
  readonly lastGood: number;
  /** Place of the first commit that is known to be bad; it is the culprit where no commit lies between. */
  readonly firstBad: number;
}

/**
 * Whether a commit has what the last one has. Of a case that got slower, one that is broken on the way tells nothing; of one that broke,
 * a commit where it only got slower is good.
 */
function hasIt(complaint: Judged["is"], { is }: Judged): boolean | undefined {
  if (is === complaint) return true;
  if (is === "none") return undefined;
  return is === "broken" ? undefined : false;
}

/**
 * @param count commits behind the good one, in their order; the last is bad
 * @param complaint what the last one was found to be
 * @param judge asked once for a commit at most
 * @returns the two neighbours as close as the commits that can be judged allow
 */
export async function firstBad(
  count: number,
  complaint: "slower" | "broken",
  judge: (place: number) => Promise<Judged>,
): Promise<Search> {
  let lastGood = -1;
  let first = count - 1;
  const mute = new Set<number>();
  for (;;) {
    const left = Array.from({ length: first - lastGood - 1 }, (_, i) => lastGood + 1 + i);
    const middle = (lastGood + first) / 2;
    const open = left.filter((place) => !mute.has(place));
    if (open.length === 0) return { lastGood, firstBad: first };
    const [place] = open.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
    const bad = hasIt(complaint, await judge(place));
    if (bad === undefined) mute.add(place);
    else if (bad) first = place;
    else lastGood = place;
  }
}
