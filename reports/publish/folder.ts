/** A folder that is written into, and the paths in the order to print them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export class Folder {
  readonly paths: string[] = [];
  private readonly pending: Promise<void>[] = [];

  private constructor(private readonly dir: string) {}

  /** Made if missing. */
  static async at(dir: string): Promise<Folder> {
    await mkdir(dir, { recursive: true });
    return new Folder(dir);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    const path = join(this.dir, name);
    await writeFile(path, content);
    this.paths.push(path);
  }

  /** Its path comes in this place; what goes there is on its way, while the next picture is made. */
  writeLater(name: string, content: Promise<Uint8Array>): void {
    const path = join(this.dir, name);
    this.paths.push(path);
    const written = content.then((bytes) => writeFile(path, bytes));
    // whoever waits for all of them hears of it
    written.catch(() => {});
    this.pending.push(written);
  }

  /** Every file is there. */
  async done(): Promise<string[]> {
    await Promise.all(this.pending);
    return this.paths;
  }
}
