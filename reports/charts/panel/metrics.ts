/** Sizes of what a panel draws, in pixels of the chart (points in print). */
export interface Metrics {
  readonly titlePx: number;
  readonly subtitlePx: number;
  readonly titleOffset: number;
  readonly tickPx: number;
  readonly axisTitlePx: number;
  readonly axisTitlePadding: number;
  /** Names at line ends or in the legend. */
  readonly namePx: number;
  /** Areas, as Vega counts markers. */
  readonly marker: number;
  readonly hollowMarker: number;
  readonly hollowLinePx: number;
  readonly linePx: number;
  /** SSD's. */
  readonly boldPx: number;
  readonly whiskerPx: number;
  readonly dottedPx: number;
  /** Dashes are given for a screen; thinner lines need shorter ones. */
  readonly dashScale: number;
}

export const SCREEN: Metrics = {
  titlePx: 14,
  subtitlePx: 11,
  titleOffset: 10,
  tickPx: 11,
  axisTitlePx: 12,
  axisTitlePadding: 8,
  namePx: 12,
  marker: 46,
  hollowMarker: 42,
  hollowLinePx: 1.4,
  linePx: 1.7,
  boldPx: 2.6,
  whiskerPx: 1.2,
  dottedPx: 1.5,
  dashScale: 1,
};

/** A small panel beside a main one. */
export const SMALL: Metrics = {
  ...SCREEN,
  titlePx: 11,
  subtitlePx: 9,
  titleOffset: 6,
  tickPx: 9,
  axisTitlePx: 10,
  axisTitlePadding: 5,
  marker: 18,
};

/** @param fontPt of titles and axis titles; ticks and legend are a tenth smaller */
export function printMetrics(fontPt: number): Metrics {
  const small = 0.9 * fontPt;
  return {
    titlePx: fontPt,
    subtitlePx: small,
    titleOffset: 0.6 * fontPt,
    tickPx: small,
    axisTitlePx: fontPt,
    axisTitlePadding: 0.5 * fontPt,
    namePx: small,
    marker: (0.56 * fontPt) ** 2,
    hollowMarker: (0.54 * fontPt) ** 2,
    hollowLinePx: 0.1 * fontPt,
    linePx: 0.14 * fontPt,
    boldPx: 0.22 * fontPt,
    whiskerPx: 0.1 * fontPt,
    dottedPx: 0.12 * fontPt,
    dashScale: 0.06 * fontPt,
  };
}
