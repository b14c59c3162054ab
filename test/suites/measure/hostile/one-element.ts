import { hostile } from "./wrapped.js";

export default hostile("wrong in one element", ({ compute, Y }) => {
  compute();
  Y[4321] += 1e-3;
});
