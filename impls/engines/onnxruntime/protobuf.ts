/** Protocol buffers, the part that an ONNX model needs: messages of varints, 32-bit floats and nested bytes. Fields keep their order. */

const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;

export class Message {
  private readonly parts: Uint8Array[] = [];

  /** @param value whole, of up to 64 bits; negative ones take ten bytes, as int64 does on the wire */
  int(field: number, value: number | bigint): this {
    this.parts.push(varint(tag(field, VARINT)), varint(BigInt(value)));
    return this;
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.parts.push(varint(tag(field, FIXED32)), bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.parts.push(varint(tag(field, BYTES)), varint(BigInt(value.byteLength)), value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.encoded());
  }

  encoded(): Uint8Array {
    const whole = new Uint8Array(this.parts.reduce((sum, part) => sum + part.byteLength, 0));
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.byteLength;
    }
    return whole;
  }
}

function tag(field: number, wireType: number): bigint {
  return BigInt(field * 8 + wireType);
}

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
