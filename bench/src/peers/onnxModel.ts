import type { Inputs } from "../harness/values.js";

/** One operation of an ONNX graph. The last node's output is called `output`. */
export interface Node {
  readonly operation: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number>>;
}

export interface Model {
  readonly nodes: readonly Node[];
}

/** Protocol-buffer fields: a number, a text, or a message made of fields. */
type Field = readonly [id: number, value: number | string | readonly Field[]];

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
};

function encode(fields: readonly Field[]): number[] {
  return fields.flatMap(([id, value]) => {
    if (typeof value === "number") return [...varint(id * 8), ...varint(value)];
    const content = typeof value === "string" ? Array.from(new TextEncoder().encode(value)) : encode(value);
    return [...varint(id * 8 + 2), ...varint(content.length), ...content];
  });
}

const FLOAT = 1;
const DOUBLE = 11;
const INTEGER_ATTRIBUTE = 2;

/** A ValueInfoProto: a name and a tensor's type; without a shape, any shape. */
const valueInfo = (name: string, type: number, shape?: readonly number[]): readonly Field[] => [
  [1, name],
  [2, [[1, [[1, type], ...(shape ? [[2, shape.map((length) => [1, [[1, length]]] as const)] as const] : [])]]]],
];

/** The model as a ModelProto (onnx.proto3), of operator set 17. */
export function modelBytes({ nodes }: Model, inputs: Inputs): Uint8Array {
  const type = Object.values(inputs).some(({ data }) => data instanceof Float64Array) ? DOUBLE : FLOAT;
  const nodeFields = nodes.map(
    ({ operation, inputs, output, attributes = {} }): Field => [
      1,
      [
        ...inputs.map((name): Field => [1, name]),
        [2, output],
        [4, operation],
        ...Object.entries(attributes).map(
          ([name, value]): Field => [
            5,
            [
              [1, name],
              [3, value],
              [20, INTEGER_ATTRIBUTE],
            ],
          ],
        ),
      ],
    ],
  );
  const graph: readonly Field[] = [
    ...nodeFields,
    [2, "row"],
    ...Object.entries(inputs).map(([name, { shape }]): Field => [11, valueInfo(name, type, shape)]),
    [12, valueInfo("output", type)],
  ];
  return Uint8Array.from(
    encode([
      [1, 8],
      [7, graph],
      [8, [[2, 17]]],
    ]),
  );
}
