/** Ticks of logarithmic axes as papers write them. */
import { formatNumber } from "../format.js";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** "10⁻²" for a power of ten, a plain number between. */
export function powerOfTen(value: number): string {
  const power = Math.log10(value);
  const whole = Math.round(power);
  if (Math.abs(power - whole) > 1e-9) return formatNumber(value, 6);
  const digits = [...String(Math.abs(whole))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `10${whole < 0 ? "⁻" : ""}${digits}`;
}
