/** A folder that is written into, and the paths in the order to print them. */
import { StoreError } from "../rows/errors.js";
import { makeFolder, writeInto } from "../rows/folder.js";

/** A file, or one that is still being made. */
type Entry = string | Promise<string>;

export class Folder {
  private readonly entries: Entry[] = [];

  /** Made if missing. @throws an error of the operating system */
  constructor(private readonly dir: string) {
    makeFolder(dir);
  }

  /** @throws StoreError */
  write(name: string, content: string | Uint8Array): void {
    this.entries.push(writeInto(this.dir, name, content));
  }

  /** Its path comes in this place; what goes there is on its way, while the next picture is made. */
  writeLater(name: string, content: Promise<Uint8Array>): void {
    const written = content.then((bytes) => writeInto(this.dir, name, bytes));
    // `done` tells of it
    written.catch(() => {});
    this.entries.push(written);
  }

  /** The paths, when every file is there. @param failed hears of one that could not be made; without it that is thrown */
  async done(failed?: (error: unknown) => void): Promise<string[]> {
    const paths: string[] = [];
    for (const entry of this.entries) {
      try {
        paths.push(await entry);
      } catch (error) {
        if (!failed || error instanceof StoreError) throw error;
        failed(error);
      }
    }
    return paths;
  }
}
