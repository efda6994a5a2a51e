import type { Buffer, LoopKernel } from "../../compile/kernel.js";
import { scalarType } from "../../scalar/evaluate.js";
import { linearizeAll, type Step } from "../../scalar/linearize.js";
import type { Scalar } from "../../scalar/scalar.js";
import { written } from "../language.js";
import type { Cells } from "../lower/cells.js";
import { infinity, literal } from "../numbers.js";
import { type Packing, readLines } from "../packing.js";
import type { Place, Positions } from "./positions.js";

export interface BodyContext {
  readonly kernel: LoopKernel;
  readonly buffers: readonly Buffer[];
  readonly packing: Packing;
  /** Elements that the thread computes together. */
  readonly lanes: 1 | 4;
  readonly positions: Positions;
  /** A source whose position counts, and whose array is not read. */
  readonly unread: number | undefined;
  /** A source whose place is looked up. */
  readonly gather: Cells["gather"];
  /** Whether positions may lie beyond an array where its element is not used. */
  readonly clamps: boolean;
  parameter(buffer: number): string;
  line(line: string): void;
}

/** Straight-line code for scalar bodies, for each element of the thread; what is the same for all is written once. */
export class Body {
  readonly lanes: number;
  /** For a source, variables that hold a texel for each lane: four rounds of the loop. */
  readonly #texels = new Map<number, readonly string[]>();

  constructor(private readonly context: BodyContext) {
    this.lanes = context.lanes;
  }

  /** Reads what four rounds of the grouped axis have of each array, ahead of them. */
  readTexels(rounds: readonly string[]): void {
    const { kernel, positions, unread, line } = this.context;
    const { grouped } = positions;
    if (!grouped) return;
    kernel.sources.forEach((source, k) => {
      if (source.kind !== "load" || k === unread || !positions.isAligned(k, source.access.layout.offset, grouped))
        return;
      const names = this.#lanesOf(k).map((lane) => {
        const name = `x${k}l${lane}`;
        const place = positions.texelAt(k, source.access.layout.offset, { rounds, lane }, grouped);
        line(`let ${name} = ${this.context.parameter(source.access.buffer)}[${place}];`);
        return name;
      });
      this.#texels.set(k, names);
    });
  }

  /** The names of the bodies' values, one for each lane; what bodies share is written once. */
  write(prefix: string, place: Place, bodies: readonly Scalar[]): readonly (readonly string[])[] {
    const { kernel } = this.context;
    const { steps, results } = linearizeAll(
      bodies,
      kernel.sources.map(({ dtype }) => scalarType(dtype)),
    );
    const names: (readonly string[])[] = [];
    steps.forEach((step, k) => {
      names.push(this.#step(`${prefix}${k}`, place, step, names));
    });
    return results.map((k) => Array.from({ length: this.lanes }, (_, lane) => names[k][lane] ?? names[k][0]));
  }

  /** One name where the value is the same for all lanes. */
  #step(name: string, place: Place, step: Step, names: readonly (readonly string[])[]): readonly string[] {
    const { kernel, positions, line } = this.context;
    if (step.kind === "constant") return [literal(step.value)];
    if (step.kind === "input") return this.#load(name, place, step.index);
    if (step.kind === "position") {
      const number = kernel.sources.length + 1;
      return this.#lanesOf(number).map((lane, _, all) => {
        const own = all.length > 1 ? `${name}l${lane}` : name;
        line(`let ${own} = ${positions.at(number, 0, { ...place, lane })};`);
        return own;
      });
    }
    const operands = step.arguments.map((a) => names[a]);
    const count = operands.some(({ length }) => length > 1) ? this.lanes : 1;
    return Array.from({ length: count }, (_, lane) => {
      const own = count > 1 ? `${name}l${lane}` : name;
      line(
        `let ${own} = ${written(
          step.instruction,
          operands.map((operand) => operand[lane] ?? operand[0]),
        )};`,
      );
      return own;
    });
  }

  /** The lanes for which the array's position differs. */
  #lanesOf(array: number): readonly number[] {
    const { inner } = this.context.positions;
    const count = inner && inner.strides[array] !== 0 ? this.lanes : 1;
    return Array.from({ length: count }, (_, lane) => lane);
  }

  #load(name: string, place: Place, index: number): readonly string[] {
    const { kernel, positions, packing, parameter, line } = this.context;
    const source = kernel.sources[index];
    if (source.kind !== "load") throw new Error("openGpu: a fold is read before its end; please report it");
    const { gather } = this.context;
    if (index === gather?.source) return this.#gathered(name, place, gather);
    const { turn } = place;
    const held = turn === undefined ? undefined : this.#texels.get(index);
    if (held) return held.map((texel) => `${texel}[${turn}]`);
    const { buffer, layout } = source.access;
    const { inner } = positions;
    if (packing.texels && this.lanes > 1 && inner && positions.isAligned(index, layout.offset, inner)) {
      line(`let ${name} = ${parameter(buffer)}[${positions.texelAt(index, layout.offset, place, inner)}];`);
      return [0, 1, 2, 3].map((lane) => `${name}[${lane}]`);
    }
    return this.#lanesOf(index).map((lane, _, all) => {
      const own = all.length > 1 ? `${name}l${lane}` : name;
      this.#element(own, buffer, positions.at(index, layout.offset, { ...place, lane }));
      return own;
    });
  }

  /** The entries that other elements count. */
  #gathered(name: string, place: Place, { source: index, by, size, stride }: NonNullable<Cells["gather"]>) {
    const { kernel, positions, line } = this.context;
    const source = kernel.sources[index];
    if (source.kind !== "load") throw new Error("openGpu: a fold is gathered from; please report it");
    const { buffer, layout } = source.access;
    const numbers = this.#load(`${name}n`, place, by);
    const lanes = [0, 1, 2, 3].slice(0, Math.max(numbers.length, this.#lanesOf(index).length));
    return lanes.map((lane) => {
      const own = `${name}l${lane}`;
      const number = numbers[lane] ?? numbers[0];
      line(`let ${own}w = ${number} < 0 ? ${number} + ${size} : ${number};`);
      line(`let ${own}c = Math.min(Math.max(${own}w, 0), ${size - 1});`);
      const first = positions.at(index, layout.offset, { ...place, lane });
      this.#element(`${own}e`, buffer, stride === 0 ? first : `${first} + ${own}c * ${literal(stride)}`);
      line(`let ${own} = ${own}w === ${own}c ? ${own}e : (${infinity} - ${infinity});`);
      return own;
    });
  }

  #element(name: string, buffer: number, position: string): void {
    const { packing, buffers, clamps, parameter, line } = this.context;
    const array = parameter(buffer);
    if (!clamps && !packing.texels) {
      line(`let ${name} = ${array}[${position}];`);
      return;
    }
    // Apart from the brackets, within which literals are whole numbers to GLSL.
    const place = clamps
      ? `Math.min(Math.max(${position}, 0), ${buffers[buffer].size - 1})`
      : `Math.floor(${position})`;
    line(`let ${name}at = ${place};`);
    for (const one of readLines(packing, { name, array, place: `${name}at` })) line(one);
  }
}
