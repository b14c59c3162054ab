import { hostile } from "./wrapped.js";

export default hostile("aborts its process, as native code does", ({ compute, runs }) => {
  compute();
  // after verification, so that others are already prepared beside it
  if (runs === 3) process.abort();
});
