// Rotation and weights, then ssd's kernel as it is: a token's own weight stands on the diagonal of its masks.
export { begin, turn } from "./turn.as";
export { weigh } from "./trapezoid.as";
export { loadStates, outputs, scores, storeStates } from "../../ssd/wasm/chunked.as";
// as there: exported, so that they are not inlined
export { finish, fourRows, freshTile, splitRows, tile, triangle } from "../../ssd/wasm/chunked.as";
