/**
 * Dawn looks for news of its driver in every turn of Node's event loop while a promise waits, which takes a core from a software adapter.
 * To import this leaves a millisecond between two looks.
 */
globalThis.setImmediate = ((look: (...args: unknown[]) => void, ...args: unknown[]) =>
  setTimeout(look, 1, ...args)) as unknown as typeof setImmediate;

export {};
