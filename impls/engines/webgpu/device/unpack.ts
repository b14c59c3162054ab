import { builtin } from "../../platform.js";

/**
 * Unpacks a `.tar.br`, or a single file with brotli alone, into a folder of the user's temporary directory; done once, however many
 * processes ask at the same time. Directories inside archives are dropped: all files lie side by side.
 * @param wanted which files of the archives to keep
 * @returns the folder
 */
export function unpackOnce(
  name: string,
  archives: readonly string[],
  wanted: (file: string) => boolean = () => true,
): string {
  const fs = builtin("node:fs");
  const path = builtin("node:path");
  const target = path.join(builtin("node:os").tmpdir(), `dualbench-${name}-${process.getuid?.() ?? 0}`);
  if (isOwn(target)) return target;
  const fresh = fs.mkdtempSync(`${target}-`);
  for (const archive of archives) {
    const bytes = builtin("node:zlib").brotliDecompressSync(fs.readFileSync(archive));
    const files = archive.endsWith(".tar.br")
      ? untar(bytes)
      : [{ name: path.basename(archive, ".br"), bytes }];
    for (const file of files)
      if (wanted(file.name))
        fs.writeFileSync(path.join(fresh, path.basename(file.name)), file.bytes, { mode: 0o755 });
  }
  try {
    fs.renameSync(fresh, target);
    return target;
  } catch {
    // somebody else's folder has the name: what lies in there is not to be loaded
    if (!isOwn(target)) return fresh;
    fs.rmSync(fresh, { recursive: true, force: true }); // another process was faster
    return target;
  }
}

/** Whether a folder is this user's alone: in a temporary directory anyone may have made one of that name. */
function isOwn(folder: string): boolean {
  const there = builtin("node:fs").lstatSync(folder, { throwIfNoEntry: false });
  const isPrivate = there !== undefined && (there.mode & 0o022) === 0;
  return there?.isDirectory() === true && isPrivate && there.uid === (process.getuid?.() ?? there.uid);
}

function* untar(bytes: Uint8Array): Generator<{ name: string; bytes: Uint8Array }> {
  const text = (at: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(at, at + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    if (bytes[at + 156] === 48 || bytes[at + 156] === 0)
      yield { name: text(at, 100), bytes: bytes.subarray(at + 512, at + 512 + size) };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
