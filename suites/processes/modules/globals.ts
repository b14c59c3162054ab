/** What a module changes of the language while it loads, put back: clocks and arithmetic of this process stay what they are. */

const objects: readonly object[] = [
  globalThis,
  performance,
  Math,
  Number,
  Object,
  Array,
  Reflect,
  JSON,
  Date,
  Promise,
  ...[Object, Array, String, Number, Map, Set, WeakMap, Promise, Date, RegExp].map((one) => one.prototype),
  ...[Float32Array, Float64Array, Uint8Array, Int32Array, Uint32Array].map((one) => one.prototype),
  Object.getPrototypeOf(Float32Array.prototype),
  Object.getPrototypeOf(performance),
];

/** Of a process, what the harness itself needs. */
const OF_PROCESS = ["send", "memoryUsage", "hrtime", "exit", "kill"] as const;

const { defineProperty, getOwnPropertyDescriptor, getOwnPropertyNames, is } = Object;

/** @returns what puts back everything that was there and is another one now; what is new stays */
export function rememberGlobals(): () => void {
  const known = [
    ...objects.map((object) => [object, getOwnPropertyNames(object)] as const),
    [process, OF_PROCESS] as const,
    // its methods are its prototype's, and whoever assigns one shadows it
    [performance, getOwnPropertyNames(Object.getPrototypeOf(performance))] as const,
  ].flatMap(([object, names]) =>
    names.map((name) => [object, name, getOwnPropertyDescriptor(object, name)] as const),
  );
  return () => {
    for (let i = 0; i < known.length; i++) {
      const [object, name, was] = known[i];
      const now = getOwnPropertyDescriptor(object, name);
      if (was === undefined) {
        // it was inherited and is shadowed now
        if (now?.configurable) Reflect.deleteProperty(object, name);
      } else if (!is(was.value, now?.value) || was.get !== now?.get) {
        if (now === undefined || now.configurable || now.writable) defineProperty(object, name, was);
      }
    }
  };
}
