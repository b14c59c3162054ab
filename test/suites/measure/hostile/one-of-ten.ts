import { hostile } from "./wrapped.js";

export default hostile("wrong in one run of ten", ({ compute, runs, Y }) => {
  compute();
  if (runs % 10 === 7) Y[7] += 1;
});
