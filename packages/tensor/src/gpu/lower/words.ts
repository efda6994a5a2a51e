import type { Access, Buffer, LoopKernel, Source } from "../../compile/kernel.js";
import { scalarType } from "../../scalar/evaluate.js";
import { select, toFloat } from "../../scalar/instructions.js";
import { linearize } from "../../scalar/linearize.js";
import { operation, type Scalar } from "../../scalar/scalar.js";
import { UnsupportedOnGpu } from "../unsupported.js";
import { Sources } from "./body.js";
import { type Cells, foldOf, storeOf } from "./cells.js";
import {
  type Halves,
  halfAt,
  halvesOf,
  halvesOfConstant,
  numberOf,
  shiftRules,
  split,
  wordAt,
  wordRules,
} from "./halves.js";

// Whole numbers are float32 on a device, which has them up to 2²⁴. Programs that take the bits of 32 apart (random
// numbers by key do) have theirs as two halves, in arrays of twice the size.

/** Instructions that need all bits; a mask of the lowest ones does not. */
export const needing = ["bitOr", "bitXor", "shiftLeft", "shiftRight"];

/** Kernels with halves for words, and which buffers are of halves now; buffers are exchanged in place. */
export function withWords(
  all: readonly Cells[],
  buffers: Buffer[],
): { readonly cells: readonly Cells[]; readonly words: ReadonlySet<number> } {
  const words = wordBuffers(all);
  if (words.size === 0 && !all.some(({ kernel }) => takesBits(kernel))) return { cells: all, words };
  for (const buffer of words) {
    const { size, initial } = buffers[buffer];
    const halved = initial?.kind === "constant" ? { ...initial, data: split(initial.data) } : initial;
    buffers[buffer] = { dtype: "float32", size: 2 * size, ...(halved && { initial: halved }) };
  }
  const cells = all.map((one): Cells => {
    const touches = integersOf(one.kernel).some((buffer) => words.has(buffer));
    if (!touches && !takesBits(one.kernel)) return one;
    if (one.gather) return refuse(one.kernel, "takes entries of whole numbers of 32 bits, or by such");
    return { kernel: new Rewriting(one.kernel, words).run() };
  });
  return { cells, words };
}

function takesBits({ phases, sources }: LoopKernel): boolean {
  const types = sources.map(({ dtype }) => scalarType(dtype));
  return phases.flat().some(({ value }) => {
    const steps = linearize(value, types);
    return steps.some((step) => {
      if (step.kind !== "operation") return false;
      if (step.instruction.name !== "bitAnd") return needing.includes(step.instruction.name);
      const mask = steps[step.arguments[1]];
      return mask.kind !== "constant" || mask.value < 0 || !Number.isInteger(Math.log2(mask.value + 1));
    });
  });
}

const integersOf = (kernel: LoopKernel): readonly number[] => {
  const store = storeOf(kernel);
  return [
    ...kernel.sources.flatMap((source) =>
      source.kind === "load" && source.dtype === "int32" ? [source.access.buffer] : [],
    ),
    ...(store.dtype === "int32" ? [store.access.buffer] : []),
  ];
};

/** What is read or written where bits are taken apart, and all that is read or written together with it. */
function wordBuffers(all: readonly Cells[]): ReadonlySet<number> {
  const words = new Set<number>();
  for (let before = -1; before < words.size; ) {
    before = words.size;
    for (const { kernel, gather } of all) {
      const own = integersOf(kernel);
      if (takesBits(kernel) || (!gather && own.some((buffer) => words.has(buffer)))) for (const b of own) words.add(b);
    }
  }
  return words;
}

function refuse({ label }: LoopKernel, why: string): never {
  throw new UnsupportedOnGpu(`openGpu: ${label} ${why}; with fallback: "cpu" the program runs on the CPU`);
}

/** A value in the new body: a word, or a number that float32 has, which may be whole. */
type Made = { readonly word: Halves } | { readonly number: Scalar; readonly isWhole: boolean };

class Rewriting {
  readonly #sources = new Sources();
  readonly #made = new Map<Scalar, Made>();
  /** Whether a word is stored: then halves are one axis more. */
  readonly #wide: boolean;

  constructor(
    private readonly kernel: LoopKernel,
    private readonly words: ReadonlySet<number>,
  ) {
    this.#wide = words.has(storeOf(kernel).access.buffer);
  }

  run(): LoopKernel {
    const { kernel } = this;
    const store = storeOf(kernel);
    const fold = foldOf(kernel);
    if (fold && (scalarType(fold.dtype) === "integer" || this.#wide))
      return refuse(kernel, "sums up whole numbers of 32 bits, or bits of them");
    const shape = this.#wide ? [...kernel.shape, 2] : kernel.shape;
    const position: Scalar = operation(toFloat, { kind: "position" });
    const value = this.#wide ? halfAt(this.#word(store.value), position) : this.#number(store.value);
    const to = this.#wide ? this.#half(store.access, 0, 1) : store.access;
    return {
      ...kernel,
      shape,
      phases: [
        [
          ...(fold ? [{ ...fold, value: this.#number(fold.value) }] : []),
          { ...store, value, access: to, dtype: this.#wide ? "float32" : store.dtype },
        ],
      ],
      // Last: values have noted what they read.
      sources: this.#sources.list,
    };
  }

  /** Where the halves of a word stand; `along`: their stride on the axis of halves. */
  #half({ buffer, layout }: Access, half: 0 | 1, along: 0 | 1): Access {
    const stride = layout.stride.map((step) => 2 * step);
    return { buffer, layout: this.#layout([...stride], 2 * layout.offset + half, along) };
  }

  #layout(stride: readonly number[], offset: number, along: 0 | 1) {
    const { shape } = this.kernel;
    return this.#wide ? { shape: [...shape, 2], stride: [...stride, along], offset } : { shape, stride, offset };
  }

  #word(node: Scalar): Halves {
    if (node.kind === "constant") return halvesOfConstant(node.value);
    const made = this.#convert(node);
    return "word" in made ? made.word : halvesOf(made.number);
  }

  #number(node: Scalar): Scalar {
    const made = this.#convert(node);
    return "word" in made ? numberOf(made.word) : made.number;
  }

  #convert(node: Scalar): Made {
    let made = this.#made.get(node);
    if (!made) {
      made = this.#make(node);
      this.#made.set(node, made);
    }
    return made;
  }

  #make(node: Scalar): Made {
    switch (node.kind) {
      case "input":
        return this.#load(this.kernel.sources[node.index]);
      case "constant":
        return { number: { ...node, type: "float" }, isWhole: node.type !== "float" && Number.isInteger(node.value) };
      case "position": {
        const position = operation(toFloat, node);
        return { number: this.#wide ? wordAt(position) : position, isWhole: true };
      }
      case "operation":
        return this.#operation(node);
    }
  }

  #load(source: Source): Made {
    if (source.kind === "folded") return { number: this.#sources.folded(source.dtype), isWhole: false };
    const { access, dtype } = source;
    if (this.words.has(access.buffer)) {
      const [high, low] = ([0, 1] as const).map((half) =>
        this.#sources.load(this.#half(access, half, 0), "float32"),
      ) as [Scalar, Scalar];
      return { word: { high, low } };
    }
    const layout = this.#layout(access.layout.stride, access.layout.offset, 0);
    const number = this.#sources.load({ buffer: access.buffer, layout }, dtype);
    return scalarType(dtype) === "integer"
      ? { number: operation(toFloat, number), isWhole: true }
      : { number, isWhole: false };
  }

  #operation({ instruction, arguments: operands }: Scalar & { readonly kind: "operation" }): Made {
    const { name, result } = instruction;
    const made = operands.map((operand) => this.#convert(operand));
    const branches = result === "as branches";
    const allWhole = (branches ? made.slice(1) : made).every((one) => "word" in one || one.isWhole);
    const hasWord = (branches ? made.slice(1) : made).some((one) => "word" in one);
    if (branches && allWhole && hasWord) {
      const condition = this.#number(operands[0]);
      const [a, b] = operands.slice(1).map((operand) => this.#word(operand));
      const choose = (x: Scalar, y: Scalar) => operation(select, condition, x, y);
      return { word: { high: choose(a.high, b.high), low: choose(a.low, b.low) } };
    }
    if (name === "toInteger")
      return allWhole ? made[0] : { word: halvesOf(operation(instruction, this.#number(operands[0]))) };
    if (allWhole && shiftRules[name]) {
      const [x, bits] = operands;
      if (bits.kind !== "constant") return refuse(this.kernel, `shifts by what is not a constant (${name})`);
      return { word: shiftRules[name](this.#word(x), bits.value) };
    }
    if (allWhole && wordRules[name]) return { word: wordRules[name](this.#word(operands[0]), this.#word(operands[1])) };
    if (allWhole && hasWord && result !== "float" && !name.startsWith("logical"))
      return refuse(this.kernel, `computes with whole numbers of 32 bits (${name})`);
    const numbers = operands.map((operand) => this.#number(operand));
    return {
      number: operation(instruction, ...numbers),
      isWhole: result === "integer" || (result !== "float" && allWhole),
    };
  }
}
