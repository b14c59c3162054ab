import { hostile } from "./wrapped.js";

export default hostile("one element is wrong in every second run", ({ compute, runs, Y }) => {
  compute();
  if (runs % 2 === 0) Y[7] += 1;
});
