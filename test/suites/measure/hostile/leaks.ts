import { hostile } from "./wrapped.js";

const kept: Float32Array[] = [];

export default hostile("allocates more on every run", ({ compute }) => {
  compute();
  kept.push(new Float32Array(30_000).fill(kept.length));
});
