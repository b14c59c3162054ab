/** A user's kernels beside ours and beside the best of somebody else's, within one group: same device, dtype, batch, heads. */
import { bestCurves, type Curve, faster, type Group, measuredOf } from "./curves.js";
import { type Ratio, speedups } from "./speedup.js";

/** At the sizes that both have: times of the other over times of the kernel. */
export interface Against {
  readonly who: "ours" | "peer";
  readonly other: Curve;
  readonly ratios: readonly Ratio[];
}

export interface OwnKernel {
  readonly curve: Curve;
  /** Those that were measured, whether or not a size is shared. */
  readonly against: readonly Against[];
}

export function ownKernels(group: Group): OwnKernel[] {
  const best = bestCurves(group);
  return best.filter(isOwn).map((curve) => {
    const others = [
      { who: "ours", other: ourRival(curve, group, best) },
      { who: "peer", other: bestPeer(curve, group) },
    ] as const;
    const against = others.flatMap(({ who, other }) =>
      other === undefined ? [] : [{ who, other, ratios: speedups(curve, other) }],
    );
    return { curve, against };
  });
}

/** Ours of the same form and engine, else of the same form, else the best of ours for the operator. */
function ourRival(curve: Curve, group: Group, best: readonly Curve[]): Curve | undefined {
  const { operator, form, engine } = curve.rows[0];
  const ours = group.curves.filter((other) => !isOwn(other) && !isPeer(other) && isOf(other, operator));
  const ofForm = ours.filter(({ rows: [row] }) => row.form === form);
  const same = ofForm.filter(({ rows: [row] }) => row.engine === engine);
  const bestOf = (some: readonly Curve[]) => best.find((other) => some.includes(other));
  return bestOf(same) ?? same[0] ?? bestOf(ofForm) ?? bestOf(ours);
}

function bestPeer(curve: Curve, group: Group): Curve | undefined {
  const { operator, form } = curve.rows[0];
  const peers = group.curves.filter(
    (other) => !isOwn(other) && isPeer(other) && isOf(other, operator) && measuredOf(other).length > 0,
  );
  const same = peers.filter(({ rows: [row] }) => row.form === form);
  const some = same.length > 0 ? same : peers;
  return some.length === 0 ? undefined : some.reduce(faster);
}

const isOwn = ({ family }: Curve) => family.own === true;
const isPeer = ({ rows: [row] }: Curve) => row.peer === true;
const isOf = ({ rows: [row] }: Curve, operator: string) => row.operator === operator;
