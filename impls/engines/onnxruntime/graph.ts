/**
 * A graph of ONNX operators as it is written down, and its bytes. Numbers of fields and types are those of onnx.proto; the operators
 * and their attributes are documented at https://onnx.ai/onnx/operators.
 */
import { elementCount } from "../../tensor.js";
import { Message } from "./protobuf.js";

/** A tensor of a graph; graphs inside it (bodies of a Scan) may name it too. */
export interface Value {
  readonly name: string;
}

export type Attribute = number | string | readonly number[] | Graph;

export interface OpOptions {
  /** Whole numbers are written as int, unless their names stand in `floats`. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly floats?: Readonly<Record<string, number>>;
  /** Of the operator; ONNX's own where it is left out. */
  readonly domain?: string;
}

/** The first version of ONNX with Attention, and of the file format that goes with it. */
const OPSET = 23;
const IR_VERSION = 11;
export const MICROSOFT = "com.microsoft";

const FLOAT = 1;
const INT64 = 7;
const BOOL = 9;
const ATTRIBUTE = { float: 1, int: 2, text: 3, graph: 5, ints: 7 } as const;

interface Declared {
  readonly value: Value;
  readonly shape: readonly number[];
}

export class Graph {
  private readonly nodes: Message[] = [];
  private readonly initializers: Message[] = [];
  readonly inputs: Declared[] = [];
  readonly outputs: Declared[] = [];
  private readonly names: { next: number };

  /** @param outer of a body: names are unique in both together */
  constructor(outer?: Graph) {
    this.names = outer?.names ?? { next: 0 };
  }

  input(shape: readonly number[], name = this.fresh("in")): Value {
    const value = { name };
    this.inputs.push({ value, shape });
    return value;
  }

  /** @param name of the output; `value` keeps its own beside it */
  output(value: Value, shape: readonly number[], name = this.fresh("out")): void {
    this.nodes.push(node("Identity", [value], [name], {}));
    this.outputs.push({ value: { name }, shape });
  }

  floats(values: ArrayLike<number>, shape: readonly number[]): Value {
    return this.constant(FLOAT, new Uint8Array(Float32Array.from(values).buffer), shape);
  }

  /** One number, which broadcasts against any shape. */
  number(value: number): Value {
    return this.floats([value], []);
  }

  /** A list of whole numbers: a shape, axes, starts. */
  ints(values: readonly number[]): Value {
    return this.constant(INT64, new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer), [
      values.length,
    ]);
  }

  /** One whole number: an axis, a place along one. */
  index(value: number): Value {
    return this.constant(INT64, new Uint8Array(BigInt64Array.of(BigInt(value)).buffer), []);
  }

  /** Zeros of a shape, made when they are needed: a constant would make the model as large as they are. */
  zeros(shape: readonly number[]): Value {
    return this.op("Expand", [this.number(0), this.ints(shape)]);
  }

  /** A graph to be run inside this one; it may name this one's values. */
  body(): Graph {
    return new Graph(this);
  }

  bools(values: readonly boolean[], shape: readonly number[]): Value {
    return this.constant(BOOL, Uint8Array.from(values, Number), shape);
  }

  op(type: string, inputs: readonly (Value | undefined)[], options: OpOptions = {}): Value {
    return this.ops(type, inputs, 1, options)[0];
  }

  /** An operator with several outputs. @param inputs undefined for an optional one that is left out */
  ops(type: string, inputs: readonly (Value | undefined)[], count: number, options: OpOptions = {}): Value[] {
    const names = Array.from({ length: count }, () => this.fresh(type));
    this.nodes.push(node(type, inputs, names, options));
    return names.map((name) => ({ name }));
  }

  reshape(x: Value, shape: readonly number[]): Value {
    return this.op("Reshape", [x, this.ints(shape)]);
  }

  transpose(x: Value, perm: readonly number[]): Value {
    return this.op("Transpose", [x], { attributes: { perm } });
  }

  /** The model's bytes. */
  model(): Uint8Array {
    const message = new Message().int(1, IR_VERSION).text(2, "dualbench").message(7, this.encode());
    for (const [domain, version] of [
      ["", OPSET],
      [MICROSOFT, 1],
    ] as const)
      message.message(8, new Message().text(1, domain).int(2, version));
    return message.encoded();
  }

  encode(): Message {
    const graph = new Message();
    for (const one of this.nodes) graph.message(1, one);
    graph.text(2, "graph");
    for (const one of this.initializers) graph.message(5, one);
    for (const one of this.inputs) graph.message(11, tensorInfo(one));
    for (const one of this.outputs) graph.message(12, tensorInfo(one));
    return graph;
  }

  private constant(type: number, bytes: Uint8Array, shape: readonly number[]): Value {
    const name = this.fresh("constant");
    const tensor = new Message();
    for (const size of shape) tensor.int(1, size);
    this.initializers.push(tensor.int(2, type).text(8, name).bytes(9, bytes));
    return { name };
  }

  private fresh(stem: string): string {
    return `${stem}_${this.names.next++}`;
  }
}

function node(
  type: string,
  inputs: readonly (Value | undefined)[],
  outputs: readonly string[],
  { attributes = {}, floats = {}, domain }: OpOptions,
): Message {
  const message = new Message();
  for (const input of inputs) message.text(1, input?.name ?? "");
  for (const output of outputs) message.text(2, output);
  message.text(4, type);
  for (const [name, value] of Object.entries(attributes)) message.message(5, attribute(name, value));
  for (const [name, value] of Object.entries(floats))
    message.message(5, new Message().text(1, name).float(2, value).int(20, ATTRIBUTE.float));
  return domain === undefined ? message : message.text(7, domain);
}

function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === "number") return message.int(3, value).int(20, ATTRIBUTE.int);
  if (typeof value === "string") return message.text(4, value).int(20, ATTRIBUTE.text);
  if (value instanceof Graph) return message.message(6, value.encode()).int(20, ATTRIBUTE.graph);
  for (const one of value) message.int(8, one);
  return message.int(20, ATTRIBUTE.ints);
}

function tensorInfo({ value, shape }: Declared): Message {
  if (elementCount(shape) === 0) throw new Error(`${value.name} has no elements: ${shape.join("x")}`);
  const dims = new Message();
  for (const size of shape) dims.message(1, new Message().int(1, size));
  const tensor = new Message().int(1, FLOAT).message(2, dims);
  return new Message().text(1, value.name).message(2, new Message().message(1, tensor));
}
