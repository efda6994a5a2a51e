import type { Buffer, LoopKernel } from "../../compile/kernel.js";
import { contiguousLayout, sizeOf } from "../../layout.js";
import { scalarType } from "../../scalar/evaluate.js";
import { linearize } from "../../scalar/linearize.js";
import type { Scalar } from "../../scalar/scalar.js";
import { rewrite, Sources } from "./body.js";

/**
 * Arrays that one kernel reads: WebGPU promises eight storage buffers, of which one is written and one may be what was
 * there before.
 */
const mostReads = 6;

/** The kernel, after others that compute parts of its body, where it would read too many arrays. */
export function narrow(kernel: LoopKernel, buffers: Buffer[]): readonly LoopKernel[] {
  const made: LoopKernel[] = [];
  const phases = kernel.phases.map((phase) =>
    phase.map((statement) => {
      const spiller = new Spiller(kernel, buffers, made);
      return { statement, value: spiller.fit(statement.value), spiller };
    }),
  );
  if (made.length === 0) return [kernel];
  const sources = new Sources();
  const narrowed = phases.map((phase) =>
    phase.map(({ statement, value, spiller }) => ({ ...statement, value: spiller.reading(value, sources) })),
  );
  return [...made, { ...kernel, sources: sources.list, phases: narrowed }];
}

class Spiller {
  /** What stands for a part that is stored. */
  readonly #loads = new Map<Scalar, number>();
  readonly #standIns = new Map<Scalar, Scalar>();

  constructor(
    private readonly kernel: LoopKernel,
    private readonly buffers: Buffer[],
    private readonly made: LoopKernel[],
  ) {}

  /** The body with parts stored, until it reads few enough arrays. */
  fit(body: Scalar): Scalar {
    const seen = new Map<Scalar, Scalar>();
    const visit = (node: Scalar): Scalar => {
      if (node.kind !== "operation") return node;
      let fitted = seen.get(node);
      if (fitted) return fitted;
      const args = node.arguments.map(visit);
      const all = () => this.#readsOf({ ...node, arguments: args }).size;
      while (all() > mostReads) {
        const counts = args.map((argument) => this.#readsOf(argument).size);
        const widest = counts.indexOf(Math.max(...counts));
        args[widest] = this.#store(args[widest]);
      }
      fitted = { ...node, arguments: args };
      seen.set(node, fitted);
      return fitted;
    };
    return visit(body);
  }

  #readsOf(body: Scalar, found: Set<string> = new Set(), seen: Set<Scalar> = new Set()): Set<string> {
    if (seen.has(body)) return found;
    seen.add(body);
    const stored = this.#loads.get(body);
    if (stored !== undefined) found.add(`${stored}`);
    else if (body.kind === "operation") for (const argument of body.arguments) this.#readsOf(argument, found, seen);
    else if (body.kind === "input") {
      const source = this.kernel.sources[body.index];
      if (source.kind === "load") found.add(`${source.access.buffer}`);
    }
    return found;
  }

  #store(body: Scalar): Scalar {
    const known = this.#standIns.get(body);
    if (known) return known;
    const { shape, sources, label } = this.kernel;
    const steps = linearize(
      body,
      sources.map(({ dtype }) => scalarType(dtype)),
    );
    const dtype = steps[steps.length - 1].type === "integer" ? "int32" : "float32";
    const buffer = this.buffers.push({ dtype, size: sizeOf(shape) }) - 1;
    const own = new Sources();
    const value = this.reading(body, own);
    const access = { buffer, layout: contiguousLayout(shape) };
    this.made.push({
      kind: "loops",
      shape,
      folded: [],
      sources: own.list,
      phases: [[{ kind: "store", at: "full", value, access, dtype }]],
      label: `part of ${label}`,
    });
    // A node of its own, so that it is known where it is met again.
    const standIn: Scalar = { kind: "input", index: -1 - buffer };
    this.#loads.set(standIn, buffer);
    this.#standIns.set(body, standIn);
    return standIn;
  }

  /** The body with its inputs among these sources. */
  reading(body: Scalar, sources: Sources): Scalar {
    return rewrite(body, (node) => {
      if (node.kind !== "input") return undefined;
      const stored = this.#loads.get(node);
      if (stored !== undefined)
        return sources.load(
          { buffer: stored, layout: contiguousLayout(this.kernel.shape) },
          this.buffers[stored].dtype,
        );
      const source = this.kernel.sources[node.index];
      return source.kind === "load" ? sources.load(source.access, source.dtype) : sources.folded(source.dtype);
    });
  }
}
