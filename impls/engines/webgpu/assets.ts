import { inBrowser } from "./gpu.js";

const texts = new Map<string, Promise<string>>();

/** Reads a `.wgsl` that its user named by `new URL("./x.wgsl", import.meta.url)`: from the disk in Node, by fetch in a page. */
export function loadText(url: URL): Promise<string> {
  let text = texts.get(url.href);
  if (!text) {
    text = inBrowser()
      ? fetch(url).then((answer) =>
          answer.ok ? answer.text() : Promise.reject(new Error(`${url} answered ${answer.status}`)),
        )
      : import("node:fs/promises").then((fs) => fs.readFile(url, "utf8"));
    texts.set(url.href, text);
  }
  return text;
}
