import { hostile } from "./wrapped.js";

export default hostile("computes once, then returns at once", ({ compute, runs }) => {
  if (runs === 1) compute();
});
