import { type DType, isFloating } from "../dtype.js";
import { alignLabels } from "../forms/labels.js";
import { contiguousLayout, isContiguous, type Layout, sameShape, sizeOf } from "../layout.js";
import type { Contraction, Region } from "../primitive.js";
import { regionLayout } from "../primitives/slice.js";
import { add, mul, toFloat32 } from "../scalar/instructions.js";
import { operation, type Scalar } from "../scalar/scalar.js";
import type { Arrangement } from "./arrange.js";
import type { Convolver } from "./convolve.js";
import { ExpressionBuilder, type Load, NeedsStorage, readsPosition } from "./expression.js";
import type { Access, Buffer, HostKernel, Kernel, KernelProgram, LoopKernel, ProductKernel } from "./kernel.js";
import { LoopBuilder, type NewStatement } from "./loops.js";
import { productKernel } from "./product.js";
import type { Program, Value } from "./program.js";
import { slenderLoop } from "./slender.js";
import { inlinedValues, type Supports, supportsBody } from "./uses.js";

type Apply = Value & { readonly kind: "apply" };
type Built = Omit<NewStatement, "value" | "shape">;
type Planned = LoopBuilder | LoopKernel | HostKernel | ProductKernel;

/** How many of the latest kernels a new statement looks at for a loop to join. */
const lookBack = 24;
/** Rows at least so long are folded by themselves, before what was made of them is. */
const shortestRow = 16;

/** Turns values into kernels: elementwise values join the loops that read them or that share their axes. */
export const fuse = (program: Program, supports: Supports, convolver?: Convolver): KernelProgram =>
  new Fusion({ ...program, values: [...program.values] }, supports, convolver).run();

/** The elements of a stored value, as they are. */
const seenAs = (load: Load): Built => ({ scalar: { kind: "input", index: 0 }, loads: [load] });

class Fusion {
  readonly #buffers: Buffer[] = [];
  readonly #bufferOf = new Map<number, number>();
  /** For a value that a kernel stores the number of that kernel. */
  readonly #readyAfter = new Map<number, number>();
  readonly #kernels: Planned[] = [];
  readonly #inlined: ReadonlySet<number>;
  readonly #mixed: boolean;

  constructor(
    private readonly program: Program & { readonly values: Value[] },
    private readonly supports: Supports,
    private readonly convolver: Convolver | undefined,
  ) {
    this.#inlined = inlinedValues(program, supports);
    this.#mixed = program.values.some(({ dtype }) => dtype === "float64");
  }

  run(): KernelProgram {
    const { values, outputs } = this.program;
    values.forEach((value, k) => {
      if (value.kind === "argument") this.#allocate(k, { kind: "argument", index: value.index });
      else if (value.kind === "apply" && value.primitive.form.kind !== "view" && !this.#inlined.has(k)) this.#store(k);
    });
    const results = outputs.map((k) => {
      const { shape, dtype } = values[k];
      const access = this.#accessOf(k);
      return { access: isContiguous(access.layout) ? access : this.#accessOf(this.#storeCopy(k)), shape, dtype };
    });
    return {
      buffers: this.#buffers,
      kernels: this.#kernels.map((kernel): Kernel => (kernel instanceof LoopBuilder ? kernel.finish() : kernel)),
      outputs: results,
    };
  }

  #value(k: number): Value {
    return this.program.values[k];
  }

  #allocate(k: number, initial?: Buffer["initial"]): number {
    const { dtype, shape } = this.#value(k);
    const buffer = this.#buffers.push({ dtype, size: sizeOf(shape), ...(initial && { initial }) }) - 1;
    this.#bufferOf.set(k, buffer);
    return buffer;
  }

  /** The buffer of a stored value; constants get theirs when first asked for. */
  readonly #buffer = (k: number): number => {
    const value = this.#value(k);
    const known = this.#bufferOf.get(k);
    if (known !== undefined) return known;
    if (value.kind !== "constant") throw new Error(`compile: value %${k} is not stored`);
    return this.#allocate(k, { kind: "constant", data: value.tensor.toTypedArray() });
  };

  readonly #dtype = (k: number): DType => this.#value(k).dtype;

  readonly #isStored = (k: number): boolean => this.#bufferOf.has(k) || this.#value(k).kind !== "apply";

  /** A stored value, or a view of one, as it stands in memory. */
  #accessOf(k: number): Access & Load {
    if (this.#isStored(k)) return { buffer: this.#buffer(k), value: k, layout: contiguousLayout(this.#value(k).shape) };
    const value = this.#value(k) as Apply;
    const { form } = value.primitive;
    if (form.kind !== "view") {
      this.#store(k);
      return this.#accessOf(k);
    }
    const access = this.#accessOf(value.inputs[0]);
    const layout = form.restride(access.layout, value.params);
    if (layout) return { ...access, layout };
    this.#storeCopy(value.inputs[0]);
    return this.#accessOf(k);
  }

  #storeCopy(k: number): number {
    if (!this.#bufferOf.has(k)) this.#storeElements(k);
    return k;
  }

  #store(k: number): void {
    if (this.#bufferOf.has(k)) return;
    const value = this.#value(k) as Apply;
    const { form } = value.primitive;
    if (form.kind === "map" && !supportsBody(form.body, this.supports)) this.#storeWhole(k, value);
    else if (form.kind === "map" || form.kind === "view") this.#storeElements(k);
    else if (form.kind === "reduce") this.#storeFold(k, value, form.axes(value.params), form);
    else if (form.kind === "place") this.#storeParts(k, value, form.regions(value.params));
    else if (!this.#storeSlender(k, value)) this.#storeWhole(k, value);
  }

  /** Builds a body; values that turn out to need memory of their own are stored first. */
  #build(make: (builder: ExpressionBuilder) => Scalar): Built {
    for (;;) {
      const builder = new ExpressionBuilder(this.program, this.#inlined, this.#isStored, this.#mixed);
      try {
        return { scalar: make(builder), loads: builder.loads };
      } catch (reason) {
        if (!(reason instanceof NeedsStorage)) throw reason;
        this.#storeElements(reason.value);
      }
    }
  }

  /** The first loop, after all that is loaded is there, that takes the statement in; else a new one. */
  #join(k: number, loads: readonly Load[], shape: readonly number[], add: (loop: LoopBuilder) => boolean): void {
    const ready = Math.max(-1, ...loads.map(({ value }) => this.#readyAfter.get(value) ?? -1));
    const first = Math.max(ready, this.#kernels.length - lookBack, 0);
    for (let at = first; at < this.#kernels.length; at++) {
      const kernel = this.#kernels[at];
      if (kernel instanceof LoopBuilder && add(kernel)) {
        this.#readyAfter.set(k, at);
        return;
      }
    }
    const loop = new LoopBuilder(shape, this.#buffer, this.#dtype);
    if (!add(loop)) throw new Error(`compile: value %${k} does not fit a loop of its own`);
    this.#readyAfter.set(k, this.#kernels.push(loop) - 1);
  }

  #storeElements(k: number): void {
    this.#elements(
      k,
      this.#build((builder) => builder.compute(k)),
    );
  }

  #elements(k: number, built: Built): void {
    const { shape } = this.#value(k);
    const buffer = this.#allocate(k);
    const access = { buffer, layout: contiguousLayout(shape) };
    const alone = readsPosition(built.scalar);
    this.#join(k, built.loads, shape, (loop) =>
      alone && !sameShape(loop.shape, shape)
        ? false
        : loop.addStore(this.#name(k), { value: k, shape, ...built }, access),
    );
  }

  #storeFold(k: number, value: Apply, axes: readonly number[], how: Parameters<LoopBuilder["addFold"]>[3]): void {
    const input = value.inputs[0];
    const { shape } = this.#value(input);
    const inner = axes.slice(1);
    // Of images all places first, then all images: what is next to each other is read one after the other.
    if (axes[0] === 0 && axes[inner.length] > inner.length && sizeOf(inner.map((axis) => shape[axis])) >= shortestRow) {
      const rows = this.#part(
        k,
        shape.filter((_, axis) => !inner.includes(axis)),
      );
      this.#storeFold(rows, value, inner, how);
      this.#storeFold(k, { ...value, inputs: [rows] }, [0], how);
      return;
    }
    this.#fold(k, { shape, ...this.#build((builder) => builder.read(input, [])) }, axes, how);
  }

  /** A value that the program does not have, computed on the way to this one. */
  #part(k: number, shape: readonly number[]): number {
    return this.program.values.push({ ...this.#value(k), shape }) - 1;
  }

  #fold(
    k: number,
    built: Omit<NewStatement, "value">,
    axes: readonly number[],
    how: Parameters<LoopBuilder["addFold"]>[3] = { combine: add, identity: 0 },
  ): void {
    this.#allocate(k);
    this.#join(k, built.loads, built.shape, (loop) => loop.addFold(this.#name(k), { value: k, ...built }, axes, how));
  }

  /** Products with a vector are loops, which other loops join. */
  #storeSlender(k: number, value: Apply): boolean {
    const { form } = value.primitive;
    const { dtype, params, shape } = value;
    const operands = value.inputs.map((input) => this.#value(input));
    if (form.kind !== "contract" || !isFloating(dtype) || operands.some((x) => x.dtype !== dtype)) return false;
    const contract = (layouts: readonly Layout[]) => form.contraction(layouts, params);
    const whole = operands.map((x) => contiguousLayout(x.shape));
    const slender = slenderLoop(contract(whole));
    if (!slender) return false;
    const built = this.#build((builder) => {
      const [a, b] = value.inputs.map((input, n) => {
        const restride = (layout: Layout) => {
          const seen = contract(whole.map((x, m) => (m === n ? layout : x)));
          return alignLabels(seen.operands[n], seen.labels[n], slender.labels, slender.sizes);
        };
        return builder.read(input, [{ key: `*${k}.${n}`, input, restride }]);
      });
      return operation(mul, a, b);
    });
    const { axes } = slender;
    if (axes.length === 0) {
      // A sum of one product begins at 0, which makes a negative zero positive.
      const sum = operation(add, built.scalar, 0);
      this.#elements(k, { ...built, scalar: dtype === "float32" && this.#mixed ? operation(toFloat32, sum) : sum });
      return true;
    }
    this.#fold(k, { shape: [...shape, ...axes.map((axis) => slender.shape[axis])], ...built }, axes);
    return true;
  }

  #storeParts(k: number, value: Apply, regions: readonly Region[]): void {
    const built = value.inputs.map((input) => this.#build((builder) => builder.read(input, [])));
    const buffer = this.#allocate(k);
    const size = sizeOf(value.shape);
    const written = value.inputs.reduce((total, input) => total + sizeOf(this.#value(input).shape), 0);
    // Parts do not overlap, so they fill the whole where their sizes add up to it.
    if (written < size)
      this.#alone(k, { scalar: { kind: "constant", value: 0 }, loads: [] }, [size], {
        buffer,
        layout: contiguousLayout([size]),
      });
    value.inputs.forEach((input, n) => {
      const { shape } = this.#value(input);
      const layout: Layout = regionLayout(value, { shape }, regions[n]);
      this.#alone(k, built[n], shape, { buffer, layout });
    });
    this.#readyAfter.set(k, this.#kernels.length - 1);
  }

  #alone(k: number, built: Built, shape: readonly number[], access: Access): void {
    if (sizeOf(shape) === 0) return;
    const loop = new LoopBuilder(shape, this.#buffer, this.#dtype);
    loop.addStore(this.#name(k), { value: k, shape, ...built }, access);
    // Nothing joins: what is written is not the whole of a value.
    this.#kernels.push(loop.finish());
  }

  #storeWhole(k: number, value: Apply): void {
    const { form } = value.primitive;
    const inputs = value.inputs.map((input) => ({ access: this.#accessOf(input), dtype: this.#dtype(input) }));
    const { dtype } = value;
    const uniform = inputs.every((x) => x.dtype === dtype);
    if (form.kind === "contract" && uniform && isFloating(dtype) && sizeOf(value.shape) > 0) {
      const layouts = inputs.map(({ access }) => access.layout);
      this.#product(k, form.contraction(layouts, value.params), inputs, dtype);
    } else {
      const { primitive, params, shape } = value;
      this.#kernels.push({
        kind: "host",
        primitive,
        params,
        inputs,
        output: this.#allocate(k),
        outputShape: shape,
        label: this.#name(k),
      });
      this.#readyAfter.set(k, this.#kernels.length - 1);
    }
  }

  #product(
    k: number,
    given: Contraction,
    inputs: readonly { readonly access: Access & Load }[],
    dtype: "float32" | "float64",
  ): void {
    const { contraction, copy, result }: Arrangement = this.convolver?.arrange(given) ?? { contraction: given };
    const [a, b] = inputs.map(({ access: { buffer, value } }, operand) => {
      if (operand !== copy?.operand) return buffer;
      const copied = this.#part(k, copy.layout.shape);
      this.#elements(copied, seenAs({ value, layout: copy.layout }));
      return this.#buffer(copied);
    });
    const value = result ? this.#part(k, result.shape) : k;
    const c = this.#allocate(value);
    this.#kernels.push(productKernel(contraction, { a, b, c }, dtype, this.#name(k), this.convolver));
    this.#readyAfter.set(value, this.#kernels.length - 1);
    if (!result) return;
    const built = seenAs({ value, layout: result });
    const { shape } = result;
    if (shape.length === this.#value(k).shape.length) this.#elements(k, built);
    else this.#fold(k, { shape, ...built }, [0]);
  }

  #name(k: number): string {
    const value = this.#value(k);
    return `%${k} ${value.kind === "apply" ? value.primitive.name : value.kind}`;
  }
}
