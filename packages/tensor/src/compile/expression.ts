import { type DType, isFloating } from "../dtype.js";
import { broadcastLayout, contiguousLayout, isUniform, type Layout, sizeOf } from "../layout.js";
import { scalarType } from "../scalar/evaluate.js";
import { bitAnd, toFloat, toFloat32, toInteger } from "../scalar/instructions.js";
import { linearize } from "../scalar/linearize.js";
import { nodesOf, operation, type Scalar, substitute } from "../scalar/scalar.js";
import type { Program, Value } from "./program.js";

/** A stored value read through a layout over the axes of a loop. */
export interface Load {
  readonly value: number;
  readonly layout: Layout;
}

/** Asks for a value to be stored before this expression can be built: no strides say how it is read. */
export class NeedsStorage {
  constructor(readonly value: number) {}
}

/** A way from a value to a loop's axes: each step reads the same elements under another shape. */
interface Step {
  readonly key: string;
  /** The value that must be stored if the step has no strides. */
  readonly input: number;
  restride(layout: Layout): Layout | undefined;
}

/** Builds the scalar body that computes a value at one point of a loop; its inputs are `loads`. */
export class ExpressionBuilder {
  readonly loads: Load[] = [];
  readonly #memo = new Map<string, Scalar>();
  readonly #program: Program;
  readonly #inlined: ReadonlySet<number>;
  readonly #stored: (value: number) => boolean;
  readonly #mixed: boolean;

  /** `mixed`: whether loops may compute in float64, so that what is float32 has to be rounded. */
  constructor(program: Program, inlined: ReadonlySet<number>, stored: (value: number) => boolean, mixed: boolean) {
    this.#program = program;
    this.#mixed = mixed;
    this.#inlined = inlined;
    this.#stored = stored;
  }

  /** The value itself, over its own axes, computed here rather than loaded. @throws NeedsStorage */
  compute(k: number): Scalar {
    const value = this.#program.values[k];
    if (value.kind !== "apply") return this.read(k, []);
    const { form } = value.primitive;
    if (form.kind === "map") return this.#body(value, k, []);
    if (form.kind === "view") return this.read(value.inputs[0], [this.#viewStep(value, k)]);
    return this.read(k, []);
  }

  /** A value as seen through the steps. @throws NeedsStorage */
  read(k: number, steps: readonly Step[]): Scalar {
    const key = `${k}${steps.map((step) => step.key).join("")}`;
    let made = this.#memo.get(key);
    if (!made) {
      made = this.#make(k, steps);
      this.#memo.set(key, made);
    }
    return made;
  }

  #make(k: number, steps: readonly Step[]): Scalar {
    const value = this.#program.values[k];
    if (value.kind === "constant" && isUniform(value.tensor))
      return { kind: "constant", value: value.tensor.data[value.tensor.offset], type: scalarType(value.dtype) };
    if (value.kind === "apply" && !this.#stored(k)) {
      if (value.primitive.form.kind === "view") return this.read(value.inputs[0], [this.#viewStep(value, k), ...steps]);
      if (this.#inlined.has(k)) return this.#body(value, k, steps);
      throw new NeedsStorage(k);
    }
    let layout: Layout = contiguousLayout(value.shape);
    for (const step of steps) {
      const next = step.restride(layout);
      if (!next) throw new NeedsStorage(step.input);
      layout = next;
    }
    return { kind: "input", index: this.loads.push({ value: k, layout }) - 1 };
  }

  #viewStep(value: Value & { kind: "apply" }, k: number): Step {
    const { form } = value.primitive;
    const { params } = value;
    if (form.kind !== "view") throw new TypeError("expected a view");
    return { key: `.${k}`, input: value.inputs[0], restride: (layout) => form.restride(layout, params) };
  }

  #body(value: Value & { kind: "apply" }, k: number, steps: readonly Step[]): Scalar {
    const { form } = value.primitive;
    if (form.kind !== "map") throw new TypeError("expected an elementwise value");
    if (steps.length > 0 && readsPosition(form.body)) throw new NeedsStorage(k);
    const inputs = value.inputs.map((input) => {
      const { shape } = this.#program.values[input];
      const spread: Step = {
        key: `>${value.shape}`,
        input,
        restride: (layout) => broadcastLayout(layout, value.shape),
      };
      return this.read(
        input,
        sizeOf(shape) === sizeOf(value.shape) && shape.length === value.shape.length ? steps : [spread, ...steps],
      );
    });
    const dtypes = value.inputs.map((input) => this.#program.values[input].dtype);
    return asType(substitute(form.body, inputs), form.body, dtypes, value.dtype, this.#mixed);
  }
}

export const readsPosition = (body: Scalar): boolean => nodesOf(body).some(({ kind }) => kind === "position");

/**
 * What storing would do to the number: round it, drop its fraction and wrap. A value must be the same number wherever
 * it is computed, or it would not be equal to itself.
 */
function asType(made: Scalar, body: Scalar, inputs: readonly DType[], dtype: DType, mixed: boolean): Scalar {
  const steps = linearize(body, inputs.map(scalarType));
  const last = steps[steps.length - 1];
  if (dtype === "float32" && mixed) return operation(toFloat32, made);
  if (isFloating(dtype)) return last.type === "integer" ? operation(toFloat, made) : made;
  const whole = last.type === "float" ? operation(toInteger, made) : made;
  const isTruth =
    last.kind === "operation" && last.instruction.result === "integer" && !last.instruction.name.startsWith("bit");
  return dtype === "uint8" && !isTruth ? operation(bitAnd, whole, 255) : whole;
}
