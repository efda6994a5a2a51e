/** How a flat buffer is read as an n-dimensional array. Pure arithmetic on shapes, strides and axes. */
export interface Layout {
  readonly shape: readonly number[];
  /** In elements, one an axis; negative and zero strides are views like any other. */
  readonly stride: readonly number[];
  readonly offset: number;
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis];
  return size;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** As errors show shapes: `[3, 4]`; what is no shape, as callers without types may pass, by its kind. */
export const show = (shape: readonly number[]): string =>
  Array.isArray(shape) ? `[${shape.join(", ")}]` : shape === null ? "null" : typeof shape;

export function contiguousStride(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    stride[axis] = step;
    step *= shape[axis];
  }
  return stride;
}

export const contiguousLayout = (shape: readonly number[]): Layout => ({
  shape,
  stride: contiguousStride(shape),
  offset: 0,
});

/** Whether the elements follow one another in row-major order, from `offset` on. */
export function isContiguous(layout: Layout): boolean {
  let step = 1;
  for (let axis = layout.shape.length - 1; axis >= 0; axis--) {
    const size = layout.shape[axis];
    if (size !== 1) {
      if (layout.stride[axis] !== step) return sizeOf(layout.shape) === 0;
      step *= size;
    }
  }
  return true;
}

/** Whether it is one element, seen many times or once. */
export const isUniform = ({ shape, stride }: Layout): boolean =>
  shape.every((size, axis) => size === 1 || (size > 0 && stride[axis] === 0));

export function checkShape(name: string, shape: readonly number[]): void {
  for (const size of shape)
    if (!Number.isSafeInteger(size) || size < 0)
      throw new RangeError(`${name}: expected sizes that are whole numbers of at least 0, found ${show(shape)}`);
}

/** NumPy's rule: axes are matched from the last; a size of 1 is repeated. */
export function broadcastShapes(name: string, shapes: readonly (readonly number[])[]): readonly number[] {
  let same = true;
  for (let k = 1; k < shapes.length; k++) same = same && sameShape(shapes[0], shapes[k]);
  if (same) return shapes[0];
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((s) => s[s.length - rank + axis] ?? 1);
    const widest = sizes.find((d) => d !== 1) ?? 1;
    if (sizes.some((d) => d !== 1 && d !== widest))
      throw new RangeError(
        `${name}: shapes ${shapes.map(show).join(" and ")} do not broadcast; sizes must be equal or 1, counted from the last axis`,
      );
    return widest;
  });
}

/** The same buffer seen with a larger shape; repeated axes get stride 0. */
export function broadcastLayout(layout: Layout, shape: readonly number[]): Layout {
  if (sameShape(layout.shape, shape)) return layout;
  const lead = shape.length - layout.shape.length;
  const stride = shape.map((size, axis) => {
    const own = axis - lead;
    return own < 0 || (layout.shape[own] === 1 && size !== 1) ? 0 : layout.stride[own];
  });
  return { shape, stride, offset: layout.offset };
}

/** The lowest and highest position that the layout reads; undefined where it reads nothing. */
export function extent(layout: Layout): readonly [number, number] | undefined {
  let low = layout.offset;
  let high = layout.offset;
  for (let axis = 0; axis < layout.shape.length; axis++) {
    if (layout.shape[axis] === 0) return undefined;
    const reach = (layout.shape[axis] - 1) * layout.stride[axis];
    if (reach < 0) low += reach;
    else high += reach;
  }
  return [low, high];
}

/** Calls `visit` with the buffer position of every element, in row-major order. */
export function forEachPosition(layout: Layout, visit: (position: number, n: number) => void): void {
  const { shape, stride, offset } = layout;
  const count = sizeOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  let position = offset;
  for (let n = 0; n < count; n++) {
    visit(position, n);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += stride[axis];
      if (++index[axis] < shape[axis]) break;
      position -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

/** An axis counted from the end (−1 is the last) as an index, checked. */
export function normalizeAxis(name: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw new RangeError(`${name}: axis ${axis} is not an axis of a tensor with ${rank} dimensions`);
  return axis < 0 ? axis + rank : axis;
}

/** Ascending, without repetition; all axes where `axis` is undefined. */
export function normalizeAxes(name: string, axis: number | readonly number[] | undefined, rank: number): number[] {
  if (axis === undefined) return Array.from({ length: rank }, (_, k) => k);
  const axes = (typeof axis === "number" ? [axis] : axis).map((a) => normalizeAxis(name, a, rank));
  if (new Set(axes).size !== axes.length) throw new RangeError(`${name}: an axis is named twice in ${show(axes)}`);
  return axes.sort((a, b) => a - b);
}

/** The buffer position of every element, in row-major order. */
export function positionsOf(layout: Layout): Int32Array {
  const out = new Int32Array(sizeOf(layout.shape));
  forEachPosition(layout, (position, n) => {
    out[n] = position;
  });
  return out;
}

/** The layout of the first entries along an axis: one position for each line that runs along it. */
export const withoutAxis = ({ shape, stride, offset }: Layout, axis: number): Layout => ({
  shape: shape.filter((_, k) => k !== axis),
  stride: stride.filter((_, k) => k !== axis),
  offset,
});

/** A copy of a list with one entry replaced. */
export const withEntry = (list: readonly number[], at: number, value: number): number[] =>
  list.map((entry, k) => (k === at ? value : entry));
