import { hostile } from "./wrapped.js";

export default hostile("throws", () => {
  throw new Error("this kernel throws\nwith a second line");
});
