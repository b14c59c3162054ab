import { hostile } from "./wrapped.js";

let kept: { readonly Y: Float32Array; readonly finalState: Float32Array } | undefined;

export default hostile("computes once, then gives the same again", ({ compute, Y, finalState }) => {
  if (kept) {
    Y.set(kept.Y);
    finalState.set(kept.finalState);
  } else {
    compute();
    kept = { Y: Y.slice(), finalState: finalState.slice() };
  }
});
