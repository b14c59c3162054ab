/** A time or a size as a person reads it. */
export function amount(value: number, unit: "ns" | "bytes"): string {
  const units: readonly (readonly [number, string])[] =
    unit === "ns"
      ? [
          [3.6e12, "h"],
          [60e9, "min"],
          [1e9, "s"],
          [1e6, "ms"],
          [1e3, "us"],
          [1, "ns"],
        ]
      : [
          [2 ** 30, "GiB"],
          [2 ** 20, "MiB"],
          [2 ** 10, "KiB"],
          [1, "B"],
        ];
  const [size, name] = units.find(([least]) => value >= least) ?? units[units.length - 1];
  return `${(value / size).toPrecision(3)} ${name}`;
}
