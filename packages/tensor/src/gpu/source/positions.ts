import type { Axes, Axis } from "../../compile/emit/axes.js";
import { literal } from "../numbers.js";

/** An axis that a kernel's threads are spread over, and the variable that holds its index. */
export interface KeptIndex {
  readonly axis: Axis;
  readonly index: string;
}

/** Where a thread is: its rounds in the loops, and which of its elements and of the rounds taken together. */
export interface Place {
  /** The counter of each folded axis; none at the first round. */
  readonly rounds: readonly string[];
  readonly lane?: number;
  readonly turn?: number;
}

/** Indices that are known by name, and where they lead in each array; arrays are numbered as in `Axis.strides`. */
export class Positions {
  constructor(
    private readonly axes: Axes,
    private readonly kept: readonly KeptIndex[],
    /** The axis along which the elements of one thread lie. */
    readonly inner: Axis | undefined,
    /** The folded axis of which four rounds are taken together. */
    readonly grouped: Axis | undefined,
  ) {}

  at(array: number, offset: number, { rounds, lane = 0, turn = 0 }: Place): string {
    const moved = (axis: Axis | undefined, by: number) => by * (axis?.strides[array] ?? 0);
    return this.#sum(array, offset + moved(this.inner, lane) + moved(this.grouped, turn), rounds, 1);
  }

  /** The number of the texel, where the array is aligned along the axis. */
  texelAt(array: number, offset: number, { rounds, lane = 0, turn = 0 }: Place, along: Axis): string {
    const moved = (axis: Axis | undefined, by: number) => (axis && axis !== along ? by * axis.strides[array] : 0);
    return this.#sum(array, offset + moved(this.inner, lane) + moved(this.grouped, turn), rounds, 4);
  }

  /** Whether four elements one after another along the axis are one texel wherever they begin. */
  isAligned(array: number, offset: number, along: Axis): boolean {
    if (along.strides[array] !== 1 || offset % 4 !== 0) return false;
    const axes = [...this.kept.map(({ axis }) => axis), ...this.axes.folded];
    return axes.every((axis) => axis === along || axis.strides[array] % 4 === 0);
  }

  #sum(array: number, first: number, rounds: readonly string[], unit: number): string {
    const terms = [
      ...this.kept.map(({ axis, index }) => [axis.strides[array], index] as const),
      ...this.axes.folded.map(
        (axis, k) => [axis.strides[array] * (axis === this.grouped ? 4 : 1), rounds[k] ?? "0"] as const,
      ),
    ].filter(([stride, index]) => stride !== 0 && index !== "0");
    const sum = terms.map(([stride, index]) => (stride === unit ? index : `${index} * ${literal(stride / unit)}`));
    if (first !== 0 || sum.length === 0) sum.unshift(`${first / unit}`);
    return sum.join(" + ");
  }
}
