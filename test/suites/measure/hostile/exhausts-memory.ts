import { hostile } from "./wrapped.js";

const kept: number[][] = [];

export default hostile("exhausts memory", () => {
  for (;;) kept.push(new Array(100_000).fill(kept.length + 0.5));
});
