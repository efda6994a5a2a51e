import type { Access, Source } from "../../compile/kernel.js";
import type { DType } from "../../dtype.js";
import type { Scalar } from "../../scalar/scalar.js";

/** The sources of a kernel in the making, one for each way in which a buffer is read. */
export class Sources {
  readonly list: Source[] = [];
  readonly #numbers = new Map<string, Scalar>();

  /** The input that stands for the element. */
  load(access: Access, dtype: DType): Scalar {
    const key = `${access.buffer} ${access.layout.stride} ${access.layout.offset}`;
    let made = this.#numbers.get(key);
    if (!made) {
      made = { kind: "input", index: this.list.push({ kind: "load", access, dtype }) - 1 };
      this.#numbers.set(key, made);
    }
    return made;
  }

  /** The input that stands for the kernel's own fold. */
  folded(dtype: DType): Scalar {
    return { kind: "input", index: this.list.push({ kind: "folded", fold: 0, dtype }) - 1 };
  }
}

/** The body with nodes replaced where `replace` says by what; shared nodes stay shared. */
export function rewrite(body: Scalar, replace: (node: Scalar) => Scalar | undefined): Scalar {
  const done = new Map<Scalar, Scalar>();
  const visit = (node: Scalar): Scalar => {
    let made = done.get(node);
    if (!made) {
      made = replace(node) ?? (node.kind === "operation" ? { ...node, arguments: node.arguments.map(visit) } : node);
      done.set(node, made);
    }
    return made;
  };
  return visit(body);
}
