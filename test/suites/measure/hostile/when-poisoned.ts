import { hostile } from "./wrapped.js";

export default hostile("computes only what is not there yet", ({ compute, Y }) => {
  if (Number.isNaN(Y[Y.length - 1])) compute();
});
