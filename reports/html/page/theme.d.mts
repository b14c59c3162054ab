/** Types of theme.mjs. */
export function setUpTheme(): void;
