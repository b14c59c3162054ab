/** A folder that is written into, and the paths in the order to print them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export class Folder {
  readonly paths: string[] = [];

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
}
