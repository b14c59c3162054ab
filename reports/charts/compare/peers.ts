/** Our fastest kernel of an operator and the official ones on one axis: a panel an operator, device and dtype. */
import type { TopLevelSpec } from "vega-lite";
import { type Curve, faster, type Group, groupsOf, measuredOf } from "../../analysis/curves.js";
import { inequality } from "../../analysis/fairness.js";
import { groupBy, xKeyOf } from "../../analysis/series.js";
import { formatRatio } from "../../format.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { origin } from "../caption.js";
import { figure } from "../figure.js";
import { AXIS_WORDS } from "../over-size.js";
import { type DrawnCurve, drawnTime, type Layer, TIME } from "../panel/drawn.js";
import { panel } from "../panel/panel.js";
import { logAxis, sizeAxis } from "../scale.js";
import { groupWords, MOST_PANELS } from "../strips/panels.js";
import { LIGHT, type Theme } from "../theme.js";

const WIDTH = 650;
/** Beside each other they can still be told apart. */
const MOST_OFFICIAL = 6;

interface Pairing {
  readonly group: Group;
  readonly operator: string;
  readonly ours: Curve;
  readonly official: readonly Curve[];
}

/** Undefined where no official kernel was measured beside one of ours. */
export function peersChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  const pairings = [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) =>
    groupsOf(members, xKeyOf(suite, members)).flatMap(pairingsOf),
  );
  if (pairings.length === 0) return undefined;
  const shown = pairings.toSorted((a, b) => b.official.length - a.official.length).slice(0, MOST_PANELS);
  const how =
    "Our fastest kernel of each operator beside those of the libraries that the field uses, as they are published, in the same run and " +
    "verified like ours. Beside each official curve: its time over ours at the largest size that both have.";
  return figure(
    shown.map((pairing) => pairingPanel(pairing, theme)),
    [how, origin(run, rows)],
    WIDTH,
    theme,
  );
}

/** Makes of our own programs in a library's operations: as they stand, captured, compiled, or differentiated by the library. */
const OUR_WAYS: readonly (string | undefined)[] = [undefined, "graph", "compile", "autograd", "math"];
const isOfficial = ({ rows: [row] }: Curve) => row.tensorOps === true && !OUR_WAYS.includes(row.make);
const isOurs = ({ rows: [row], family }: Curve) => row.tensorOps !== true && family.own !== true;

function pairingsOf(group: Group): Pairing[] {
  const drawn = group.curves.filter((curve) => measuredOf(curve).length > 1);
  return [...groupBy(drawn, ({ rows: [row] }) => row.operator)].flatMap(([operator, curves]) => {
    const ours = curves.filter(isOurs);
    const official = curves.filter(isOfficial).slice(0, MOST_OFFICIAL);
    return ours.length === 0 || official.length === 0
      ? []
      : [{ group, operator, ours: ours.reduce(faster), official }];
  });
}

function pairingPanel({ group, operator, ours, official }: Pairing, theme: Theme): Layer {
  const curves = [drawnOurs(ours), ...official.map((curve) => drawnOfficial(curve, ours))];
  const points = [ours, ...official].flatMap((curve) => curve.points);
  const { over, axis } = AXIS_WORDS[group.xKey] ?? { over: group.xKey, axis: group.xKey };
  return panel(curves, {
    width: 460,
    height: 260,
    title: `Ours and the official kernels: ${operator.replaceAll("_", " ")} over ${over}`,
    subtitle: [groupWords(group), inequality([ours, ...official])].filter((line) => line !== undefined),
    xTitle: axis,
    x: sizeAxis(points.flatMap(({ x }) => x ?? [])),
    y: logAxis(points.flatMap(({ lowNs, highNs }) => [lowNs, highNs])),
    quantity: TIME,
    theme,
    families: curves.map(({ family }) => family),
    labels: "full",
  });
}

function drawnOurs(curve: Curve): DrawnCurve {
  return { ...drawnTime(curve), name: "Ours", detail: curve.implementation };
}

/** A colour of its own: several official kernels are of one family. */
function drawnOfficial(curve: Curve, ours: Curve): DrawnCurve {
  const [{ engine, make }] = curve.rows;
  const times = new Map(measuredOf(ours).map(({ x, ns }) => [x, ns]));
  const common = measuredOf(curve).findLast(({ x }) => times.has(x));
  const detail = common ? `${formatRatio(common.ns / times.get(common.x)!)} our time` : "no size in common";
  return { ...drawnTime(curve), family: curve.key, name: `${make} (${engine})`, detail };
}
