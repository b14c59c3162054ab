/** Packages that are optional peers: imported when an engine opens, absent in one sentence. */
import { EngineAbsent } from "./engine.js";

/**
 * @param use what must work before the package counts as there
 * @throws EngineAbsent with the command that adds it
 */
export async function optionalPackage<M>(
  name: string,
  words: { readonly called: string; readonly install: string },
  use: (loaded: M) => M | Promise<M>,
): Promise<M> {
  try {
    // a variable, so that neither tsc nor a bundler looks for a package that may not be there
    return await use((await import(/* @vite-ignore */ name)) as M);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const why =
      code === "ERR_MODULE_NOT_FOUND"
        ? `${words.called} is not installed; to add it`
        : `${words.called} cannot be used: ${message.split("\n")[0]}; to install it again`;
    throw new EngineAbsent(`${why}: ${words.install}`);
  }
}
