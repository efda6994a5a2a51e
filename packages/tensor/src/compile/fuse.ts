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
import { copyKernel, LoopBuilder } from "./loops.js";
import { productKernel } from "./product.js";
import type { Program, Value } from "./program.js";
import { slenderLoop } from "./slender.js";
import { inlinedValues, type Supports, supportsBody } from "./uses.js";

type Apply = Value & { readonly kind: "apply" };
type Planned = LoopBuilder | LoopKernel | HostKernel | ProductKernel;

/** How many of the latest kernels a new statement looks at for a loop to join. */
const lookBack = 24;

/** Turns values into kernels: elementwise values join the loops that read them or that share their axes. */
export const fuse = (program: Program, supports: Supports, convolver?: Convolver): KernelProgram =>
  new Fusion(program, supports, convolver).run();

class Fusion {
  readonly #buffers: Buffer[] = [];
  readonly #bufferOf = new Map<number, number>();
  /** For a stored value the number of the kernel after which it is there; −1 from the start. */
  readonly #readyAfter = new Map<number, number>();
  readonly #kernels: Planned[] = [];
  readonly #inlined: ReadonlySet<number>;
  readonly #mixed: boolean;

  constructor(
    private readonly program: Program,
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
    if (initial) this.#readyAfter.set(k, -1);
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
  #accessOf(k: number): Access {
    if (this.#isStored(k)) return { buffer: this.#buffer(k), layout: contiguousLayout(this.#value(k).shape) };
    const value = this.#value(k) as Apply;
    const { form } = value.primitive;
    if (form.kind !== "view") {
      this.#store(k);
      return this.#accessOf(k);
    }
    const { buffer, layout } = this.#accessOf(value.inputs[0]);
    const seen = form.restride(layout, value.params);
    if (seen) return { buffer, layout: seen };
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
  #build(make: (builder: ExpressionBuilder) => Scalar): { scalar: Scalar; loads: readonly Load[] } {
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

  #elements(k: number, built: { readonly scalar: Scalar; readonly loads: readonly Load[] }): void {
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
    const built = this.#build((builder) => builder.read(input, []));
    this.#allocate(k);
    this.#join(k, built.loads, shape, (loop) =>
      loop.addFold(this.#name(k), { value: k, shape, ...built }, axes, {
        combine: how.combine,
        identity: how.identity,
      }),
    );
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
    this.#allocate(k);
    const statement = { value: k, shape: [...shape, ...axes.map((axis) => slender.shape[axis])], ...built };
    this.#join(k, built.loads, statement.shape, (loop) =>
      loop.addFold(this.#name(k), statement, axes, { combine: add, identity: 0 }),
    );
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

  #alone(k: number, built: { scalar: Scalar; loads: readonly Load[] }, shape: readonly number[], access: Access): void {
    if (sizeOf(shape) === 0) return;
    const loop = new LoopBuilder(shape, this.#buffer, this.#dtype);
    loop.addStore(this.#name(k), { value: k, shape, ...built }, access);
    loop.close();
    this.#kernels.push(loop);
  }

  #storeWhole(k: number, value: Apply): void {
    const { form } = value.primitive;
    const inputs = value.inputs.map((input) => ({ access: this.#accessOf(input), dtype: this.#dtype(input) }));
    const { dtype } = value;
    const uniform = inputs.every((x) => x.dtype === dtype);
    const buffer = this.#allocate(k);
    if (
      form.kind === "contract" &&
      uniform &&
      (dtype === "float32" || dtype === "float64") &&
      sizeOf(value.shape) > 0
    ) {
      const layouts = inputs.map(({ access }) => access.layout);
      const [a, b] = inputs.map(({ access }) => access.buffer);
      this.#product(form.contraction(layouts, value.params), [a, b], buffer, dtype, this.#name(k));
    } else {
      const { primitive, params, shape } = value;
      this.#kernels.push({
        kind: "host",
        primitive,
        params,
        inputs,
        output: buffer,
        outputShape: shape,
        label: this.#name(k),
      });
    }
    this.#readyAfter.set(k, this.#kernels.length - 1);
  }

  #product(
    given: Contraction,
    read: readonly number[],
    buffer: number,
    dtype: "float32" | "float64",
    label: string,
  ): void {
    const { contraction, copy, result }: Arrangement = this.convolver?.arrange(given) ?? { contraction: given };
    const [a, b] = copy
      ? read.map((x, k) => (k === copy.operand ? this.#copy(x, copy.layout, dtype, label) : x))
      : read;
    if (!result) {
      this.#kernels.push(productKernel(contraction, { a, b, c: buffer }, dtype, label, this.convolver));
      return;
    }
    const c = this.#buffers.push({ dtype, size: sizeOf(result.shape) }) - 1;
    this.#kernels.push(productKernel(contraction, { a, b, c }, dtype, label, this.convolver));
    this.#kernels.push(copyKernel({ buffer: c, layout: result }, buffer, dtype, label));
  }

  /** What a layout sees of a buffer, one element after the other. */
  #copy(from: number, layout: Layout, dtype: DType, label: string): number {
    const to = this.#buffers.push({ dtype, size: sizeOf(layout.shape) }) - 1;
    this.#kernels.push(copyKernel({ buffer: from, layout }, to, dtype, label));
    return to;
  }

  #name(k: number): string {
    const value = this.#value(k);
    return `%${k} ${value.kind === "apply" ? value.primitive.name : value.kind}`;
  }
}
