/** Writes safetensors bytes for tests. */
export function encode(
  tensors: Readonly<Record<string, { shape: number[]; data: number[]; dtype?: string }>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  const data: number[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const from = data.length * 8;
    data.push(...tensor.data);
    header[name] = {
      dtype: tensor.dtype ?? "F64",
      shape: tensor.shape,
      data_offsets: [from, data.length * 8],
    };
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, Buffer.from(Float64Array.from(data).buffer)]);
}
