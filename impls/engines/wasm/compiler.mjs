/**
 * The AssemblyScript compiler in a thread of its own. Plain JavaScript, because a TypeScript loader would transform the compiler's
 * 20 MB first, which takes ten times as long as compiling.
 */
import { parentPort } from "node:worker_threads";
import asc from "assemblyscript/asc";

parentPort.on("message", async ({ job, entry, sources, flags }) => {
  let bytes;
  const { error, stderr } = await asc.main([entry, "--outFile=kernel.wasm", ...flags], {
    readFile: (wanted) => sources.get(wanted.replaceAll("\\", "/")) ?? null,
    writeFile: (written, contents) => {
      if (written === "kernel.wasm") bytes = contents;
    },
    listFiles: () => [],
  });
  const why = error || !bytes ? `${error?.message ?? ""}\n${stderr}` : undefined;
  parentPort.postMessage({ job, bytes, why });
});
