/** Packages that are optional peers: imported when an engine opens, absent in one sentence. */
import { EngineAbsent } from "./engine.js";

/** Plain data, so that a process need not start to find that there is nothing to import. */
export interface OptionalPackage {
  readonly name: string;
  /** As people call it. */
  readonly called: string;
  /** The command that adds it. */
  readonly install: string;
}

export function notInstalled({ called, install }: OptionalPackage): string {
  return `${called} is not installed; to add it: ${install}`;
}

/**
 * @param use what must work before the package counts as there
 * @throws EngineAbsent with the command that adds it
 */
export async function optionalPackage<M>(
  needed: OptionalPackage,
  use: (loaded: M) => M | Promise<M>,
): Promise<M> {
  const { name, called, install } = needed;
  try {
    // a variable, so that neither tsc nor a bundler looks for a package that may not be there
    return await use((await import(/* @vite-ignore */ name)) as M);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === "ERR_MODULE_NOT_FOUND") throw new EngineAbsent(notInstalled(needed));
    throw new EngineAbsent(
      `${called} cannot be used: ${message.split("\n")[0]}; to install it again: ${install}`,
    );
  }
}
