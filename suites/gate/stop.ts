/** Why a gate cannot give a verdict. The command maps kinds to exit codes. */
export type StopKind =
  /** Something to type differently: an unknown ref, a shallow clone, a missing baseline. */
  | "usage"
  /** A base that cannot be loaded, a foreign machine. */
  | "inconclusive"
  /** An output breaks its bound where nothing may be written from it. */
  | "wrong"
  /** A module of the user that ends its process where it is loaded. */
  | "broken"
  /** No case is left to compare. */
  | "nothing";

export class GateStop extends Error {
  override readonly name = "GateStop";

  constructor(
    readonly kind: StopKind,
    message: string,
  ) {
    super(message);
  }
}
