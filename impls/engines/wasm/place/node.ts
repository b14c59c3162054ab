/** The engine on Node: kernels from the disk, threads from node:worker_threads. */
import { cpus } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { MessageChannel, Worker } from "node:worker_threads";
import { cacheFolder, loadKernel } from "../build.js";
import type { Place } from "./place.js";

export const node: Place = {
  cpu: cpus()[0]?.model.trim() ?? "unknown CPU",
  details: { node: process.versions.node, v8: process.versions.v8 },
  choices: pathToFileURL(join(cacheFolder, "choices.json")),
  loadKernel,
  hire(job) {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(new URL("./worker.mjs", import.meta.url), {
      workerData: { ...job, port: port2 },
      transferList: [port2],
      execArgv: [],
      stdin: false,
    });
    // threads never keep the process alive
    worker.unref();
    port1.unref();
    return {
      send: (mail) => port1.postMessage(mail),
      end() {
        port1.close();
        return worker.terminate();
      },
    };
  },
};
