/**
 * A planted bug as data: a piece of one source file that another piece takes the place of. The piece stands exactly once in the file, so
 * that a change of the source which moves it is noticed (test/suites/mutants/bank.test.ts).
 */
export interface Patch {
  readonly name: string;
  /** The real mistake that it is, one sentence. */
  readonly bug: string;
  /** The implementation that is asked, as in `implementationName`; its engine is the kind of the file. */
  readonly kernel: string;
  /** Below impls/. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export type Entry = readonly [name: string, bug: string, find: string, replace: string];

/** Patches of one file, asked of one kernel that is made of it. */
export function patchesOf(kernel: string, file: string, entries: readonly Entry[]): Patch[] {
  return entries.map(([name, bug, find, replace]) => ({ name, bug, kernel, file, find, replace }));
}

export function engineOf({ kernel }: Patch): string {
  return kernel.slice(kernel.lastIndexOf(".") + 1);
}

/** @throws where the piece does not stand exactly once, or nothing changes */
export function applied({ name, file, find, replace }: Patch, text: string): string {
  const times = text.split(find).length - 1;
  if (times !== 1)
    throw new Error(
      `mutant ${name}: its piece stands ${times} times in impls/${file}, expected once: ${find}`,
    );
  if (find === replace) throw new Error(`mutant ${name} changes nothing`);
  return text.replace(find, () => replace);
}
