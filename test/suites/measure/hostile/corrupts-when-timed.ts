import { hostile } from "./wrapped.js";

export default hostile("right while somebody looks: on a poisoned output only", ({ compute, Y }) => {
  const looked = Number.isNaN(Y[0]);
  compute();
  if (!looked) Y[Y.length - 1] *= 1.001;
});
