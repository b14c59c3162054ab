/** Reads a model back, by the numbers of onnx.proto: nothing of the writer is used. */

type Field = { readonly number: number; readonly value: bigint | Uint8Array };

/** The fields of a message in their order. */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (count: number) => {
    at += count;
    if (at > bytes.length) throw new Error(`a field ends at ${at} of ${bytes.length} bytes`);
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    if (![0, 2, 5].includes(wireType)) throw new Error(`wire type ${wireType} before byte ${at}`);
    const value = wireType === 0 ? varint() : take(wireType === 2 ? Number(varint()) : 4);
    fields.push({ number: tag >> 3, value });
  }
  return fields;
}

const parts = (bytes: Uint8Array, number: number) =>
  fieldsOf(bytes).flatMap((field) => (field.number === number ? [field.value as Uint8Array] : []));
const texts = (bytes: Uint8Array, number: number) =>
  parts(bytes, number).map((one) => new TextDecoder().decode(one));
const ints = (bytes: Uint8Array, number: number) =>
  fieldsOf(bytes).flatMap((field) => (field.number === number ? [Number(field.value as bigint)] : []));

export interface DecodedNode {
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Uint8Array>;
  readonly bodies: readonly DecodedGraph[];
}

export interface DecodedGraph {
  readonly nodes: readonly DecodedNode[];
  /** Name, dims, type and bytes of each constant. */
  readonly constants: readonly {
    readonly name: string;
    readonly dims: readonly number[];
    readonly type: number;
    readonly byteLength: number;
  }[];
  readonly inputs: ReadonlyMap<string, readonly number[]>;
  readonly outputs: ReadonlyMap<string, readonly number[]>;
}

export function decodeModel(bytes: Uint8Array) {
  const opsets = parts(bytes, 8).map((one) => [texts(one, 1)[0], ints(one, 2)[0]] as const);
  return { irVersion: ints(bytes, 1)[0], opsets: new Map(opsets), graph: decodeGraph(parts(bytes, 7)[0]) };
}

function decodeGraph(bytes: Uint8Array): DecodedGraph {
  const tensors = (number: number) =>
    new Map(
      parts(bytes, number).map((info) => {
        const [tensor] = parts(parts(info, 2)[0], 1);
        const dims = parts(parts(tensor, 2)[0], 1).map((dim) => ints(dim, 1)[0]);
        return [texts(info, 1)[0], dims] as const;
      }),
    );
  return {
    nodes: parts(bytes, 1).map(decodeNode),
    constants: parts(bytes, 5).map((tensor) => ({
      name: texts(tensor, 8)[0],
      dims: ints(tensor, 1),
      type: ints(tensor, 2)[0],
      byteLength: parts(tensor, 9)[0].byteLength,
    })),
    inputs: tensors(11),
    outputs: tensors(12),
  };
}

function decodeNode(bytes: Uint8Array): DecodedNode {
  const attributes = parts(bytes, 5);
  return {
    type: texts(bytes, 4)[0],
    domain: texts(bytes, 7)[0] ?? "",
    inputs: texts(bytes, 1),
    outputs: texts(bytes, 2),
    attributes: new Map(attributes.map((one) => [texts(one, 1)[0], one])),
    bodies: attributes.flatMap((one) => parts(one, 6)).map(decodeGraph),
  };
}
