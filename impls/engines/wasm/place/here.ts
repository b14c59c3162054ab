/** Where the engine runs, Node or a page: what differs between the two is in this folder and nowhere else. */
import { inBrowser } from "../../platform.js";
import type { Simd } from "../simd.js";
import type { Kernel, Place } from "./place.js";

let found: Promise<Place> | undefined;

export function placeHere(): Promise<Place> {
  found ??= inBrowser()
    ? import("./page.js").then(({ page }) => page)
    : import("./node.js").then(({ node }) => node);
  return found;
}

export async function loadKernel(source: URL, simd?: Simd): Promise<Kernel> {
  return (await placeHere()).loadKernel(source, simd);
}
