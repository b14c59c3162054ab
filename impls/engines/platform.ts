/**
 * Whether this is Node or a page, and Node's own modules without an import: `process.getBuiltinModule` (Node 20.16 and later) keeps
 * the word `node:` out of what a bundler follows, so that the same module builds for a page.
 */
export const inBrowser = (): boolean =>
  typeof (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== "string";

/** @throws in a page, and on a Node that is too old */
export const builtin: typeof process.getBuiltinModule = (name: string) => {
  if (inBrowser() || typeof process.getBuiltinModule !== "function")
    throw new Error(`${name} needs Node 20.19 or later`);
  return process.getBuiltinModule(name as "node:fs") as never;
};

/**
 * Whether threads can share memory: everywhere on Node, and in a page that its host isolates from others (COOP and COEP). A page's own
 * thread, beside which it could not draw, may not wait for others: it has memory of its own.
 */
export const sharesMemory = (): boolean =>
  !inBrowser() || (globalThis.crossOriginIsolated === true && !("document" in globalThis));

/** Threads that run at once, as far as they can share memory. */
export function threadsHere(): number {
  if (!inBrowser()) return builtin("node:os").availableParallelism();
  return sharesMemory() ? navigator.hardwareConcurrency : 1;
}
