// Rotation and weights, then ssd's kernel as it is: a token's own weight stands on the diagonal of its masks.
export { begin, turn } from "./turn.as";
export { weigh } from "./trapezoid.as";
export { finish, fourRows, freshTile, loadStates, outputs, scores, splitRows, storeStates, tile, triangle } from "../../ssd/wasm/chunked.as";
