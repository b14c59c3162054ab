/** What goes wrong with a run's folder, in a sentence for whoever typed the command. */

/** A folder that cannot be used, in one sentence that says what to do. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "it exists already",
  EISDIR: "it is a folder",
  ELOOP: "links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  ENOMKDIR: "this file system makes no files or folders there",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
};

/** An error of the operating system in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code && REASONS[code]) || message || String(error);
}
