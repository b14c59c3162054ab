import { hostile } from "./wrapped.js";

export default hostile("right at first, wrong later", ({ compute, runs, Y }) => {
  compute();
  if (runs > 4) Y[7] += 1;
});
