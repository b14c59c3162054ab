/** Types of filter.mjs. */
export type FilterWord =
  | { readonly kind: "text"; readonly word: string }
  | { readonly kind: "operator"; readonly word: string }
  | {
      readonly kind: "key";
      readonly word: string;
      readonly key: string;
      readonly sign: "=" | "<=" | ">=";
      readonly wanted: string;
    };

export function filterWords(
  expression: string,
  unknownKey: (key: string, wanted: string) => string | undefined,
): FilterWord[][];
export function wordMatches(word: FilterWord, id: string): boolean;
export function isNumber(text: string): boolean;
