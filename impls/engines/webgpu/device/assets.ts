import { builtin, inBrowser } from "../../platform.js";

const texts = new Map<string, Promise<string>>();

/** Reads a `.wgsl` that its user named by `new URL("./x.wgsl", import.meta.url)`: from the disk in Node, by fetch in a page. */
export function loadText(url: URL): Promise<string> {
  let text = texts.get(url.href);
  if (!text) {
    text = inBrowser() ? fetchText(url) : builtin("node:fs/promises").readFile(url, "utf8");
    texts.set(url.href, text);
  }
  return text;
}

async function fetchText(url: URL): Promise<string> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}
