/** Bytes of the wire format, from its documentation (protobuf.dev/programming-guides/encoding) and from IEEE 754. */
import { expect, it } from "vitest";
import { Message } from "../../../../impls/engines/onnxruntime/protobuf.js";
import { fieldsOf } from "./decode.js";

const hex = (message: Message) => Buffer.from(message.encoded()).toString("hex");

it.each([
  ["a varint of two bytes", new Message().int(1, 150), "089601"],
  ["the largest of one byte", new Message().int(1, 127), "087f"],
  ["the smallest of two", new Message().int(1, 128), "088001"],
  ["a negative number: ten bytes", new Message().int(1, -2), "08feffffffffffffffff01"],
  ["all of 64 bits", new Message().int(1, 2n ** 63n - 1n), "08ffffffffffffffff7f"],
  ["a text", new Message().text(2, "testing"), "120774657374696e67"],
  ["a text of two bytes a letter", new Message().text(1, "\u00e9"), "0a02c3a9"],
  ["an empty text, which is there", new Message().text(1, ""), "0a00"],
  ["a float, the lowest byte first", new Message().float(2, 1), "150000803f"],
  ["a message in a message", new Message().message(3, new Message().int(1, 150)), "1a03089601"],
  ["a field whose tag takes two bytes", new Message().int(20, 7), "a00107"],
  ["fields in their order, repeated ones too", new Message().int(8, 3).int(7, 1).int(8, 2), "400338014002"],
])("%s", (_name, message, wanted) => expect(hex(message)).toBe(wanted));

it("is as long as it says, past the first byte of a length", () => {
  const [field] = fieldsOf(new Message().bytes(9, new Uint8Array(300).fill(5)).encoded());
  expect(field.number).toBe(9);
  expect(field.value).toEqual(new Uint8Array(300).fill(5));
});
