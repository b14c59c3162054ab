/** A full disk and a read-only one, made with a file system of a few pages in a mount namespace of its own. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { commandOf, root, temporary } from "./cli.js";

// processes are slow to start where many run
vi.setConfig({ testTimeout: 240_000 });

/** Why no disk can be made here. */
function whyNot(): string | undefined {
  if (process.platform !== "linux") return "mount namespaces are Linux's";
  const mount = ["-m", "mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", "/mnt"];
  const { status, stderr, error } = spawnSync("unshare", mount, { encoding: "utf8" });
  return status === 0 ? undefined : `unshare may not mount: ${error?.message ?? stderr.trim()}`;
}

const reason = whyNot();
if (reason) console.log(`tests of full and read-only disks are skipped: ${reason}`);

describe.skipIf(reason)("disks", () => {
  function benchOn(mount: string) {
    const disk = temporary();
    const flags = `--grid quick --suite sequence-length --engine cpu --filter "ssd/ length<=1024"`;
    const results = join(disk, "run", "results.jsonl");
    const stored = `$(grep -c '"record":"case"' ${results} 2>/dev/null)`;
    const lastByte = `$(tail -c 1 ${results} 2>/dev/null | od -An -c)`;
    const script = `mount -t tmpfs -o ${mount} tmpfs ${disk} || exit 99
      ${process.execPath} ${commandOf("bench").join(" ")} ${flags} --out ${join(disk, "run")}
      code=$?
      printf "%s\\n" "stored: ${stored}, last byte ${lastByte}"
      exit $code`;
    const { status, stdout, stderr } = spawnSync("unshare", ["-m", "sh", "-c", script], {
      cwd: root,
      encoding: "utf8",
    });
    const said = stderr.split("\n").filter((line) => line.startsWith("dualbench:"));
    return { status, stdout, stderr, said };
  }

  it("full: one line, exit 2, whole records only, and how to go on", () => {
    const { status, said, stdout, stderr } = benchOn("size=12k");
    expect(status).toBe(2);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/no space left on the disk.*finished cases are stored.*--resume/);
    expect(stdout).toMatch(/stored: \d+, last byte +\\n/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("read-only: one line, exit 2, before anything is measured", () => {
    const { status, said, stderr } = benchOn("ro");
    expect(status).toBe(2);
    expect(said).toEqual([expect.stringMatching(/read-only.*--out/)]);
    expect(stderr).not.toContain("[1/");
  });
});
