/**
 * A kernel for a memory of its own. Kernels import a shared memory, which a page gets only where its host isolates it; the code is the
 * same for both kinds, and so is its result: only the flag beside the import says which one is meant.
 */

const IMPORTS = 2;
const MEMORY = 2;
/** Flags of a memory's limits: it has a maximum; it is shared, which needs one. */
const WITH_MAXIMUM = 1;
const SHARED = 3;

/** @param module with one import, a shared memory. @throws for any other */
export function unshared(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(module);
  // behind magic number and version: sections, each a kind, a length, and so many bytes
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const kind = bytes[at++];
    const length = number();
    const next = at + length;
    if (kind === IMPORTS) {
      const count = number();
      for (let name = 0; name < 2; name++) {
        const letters = number();
        at += letters;
      }
      if (count !== 1 || bytes[at] !== MEMORY || bytes[at + 1] !== SHARED) break;
      bytes[at + 1] = WITH_MAXIMUM;
      return bytes;
    }
    at = next;
  }
  throw new Error("expected a module whose one import is a shared memory");
}
