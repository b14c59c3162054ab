/** Colours of curves. Dashes and markers tell curves apart as well, so that any of these survives a grey printer. */
export interface Palette {
  readonly known: Readonly<Record<string, string>>;
  /** For families that are not in the paper, in turn. */
  readonly spare: readonly string[];
  /** What is too dark on a dark page, lifted (contrast at least 4.5). */
  readonly onDark: Readonly<Record<string, string>>;
}

// Okabe & Ito (2008). Yellow is left out: it vanishes on white.
const SKY = "#56B4E9";
const OKABE_ITO: Palette = {
  known: {
    attention: "#000000",
    convolution: "#CC79A7",
    "tensor-scan": "#E69F00",
    scan: "#D55E00",
    ssd: "#0072B2",
    "ssd-quadratic": SKY,
    "ssd-scan": "#7F7F7F",
    recurrence: "#009E73",
  },
  spare: [SKY, "#7F7F7F", "#CC79A7", "#009E73", "#D55E00"],
  onDark: { "#000000": "#ffffff", "#0072B2": "#3FA7E0", "#D55E00": "#F07A26" },
};

/** Paul Tol's bright scheme (2021); its yellow and grey are darkened for thin lines on white. */
const TOL: Palette = {
  known: {
    attention: "#222222",
    convolution: "#AA3377",
    "tensor-scan": "#B8A020",
    scan: "#EE6677",
    ssd: "#4477AA",
    "ssd-quadratic": "#66CCEE",
    "ssd-scan": "#8A8A8A",
    recurrence: "#228833",
  },
  spare: ["#66CCEE", "#8A8A8A", "#AA3377", "#228833", "#EE6677"],
  onDark: { "#222222": "#ffffff", "#4477AA": "#77AADD", "#AA3377": "#DD77AA", "#228833": "#55BB66" },
};

/** For journals that print in black: by darkness alone. */
const GREY: Palette = {
  known: {
    attention: "#595959",
    convolution: "#969696",
    "tensor-scan": "#7d7d7d",
    scan: "#404040",
    ssd: "#000000",
    "ssd-quadratic": "#8a8a8a",
    "ssd-scan": "#a0a0a0",
    recurrence: "#6b6b6b",
  },
  spare: ["#8a8a8a", "#6b6b6b", "#404040"],
  onDark: {
    "#000000": "#ffffff",
    "#404040": "#d9d9d9",
    "#595959": "#c4c4c4",
    "#6b6b6b": "#b0b0b0",
    "#7d7d7d": "#a6a6a6",
  },
};

/** matplotlib's default cycle, for figures beside others made with it. */
const TAB10: Palette = {
  known: {
    attention: "#1f77b4",
    convolution: "#ff7f0e",
    "tensor-scan": "#2ca02c",
    scan: "#d62728",
    ssd: "#9467bd",
    "ssd-quadratic": "#17becf",
    "ssd-scan": "#7f7f7f",
    recurrence: "#8c564b",
  },
  spare: ["#17becf", "#bcbd22", "#e377c2", "#7f7f7f"],
  onDark: { "#1f77b4": "#4fa3dc", "#d62728": "#ef5a5b", "#9467bd": "#b294d6", "#8c564b": "#bd8b7f" },
};

export const PALETTES = { "okabe-ito": OKABE_ITO, tol: TOL, tab10: TAB10, grey: GREY } as const;
export type PaletteName = keyof typeof PALETTES;
