import type { Tensor } from "@kinship/tensor";
import { callFamily } from "../harness/family.js";
import { type Inputs, uniform } from "../harness/values.js";
import { plainMlp } from "./mlp.js";
import { type Arrays, addTo, arraysOf } from "./plain.js";

/** Of what the tasks share: the gradient of the losses' sum, each task's gradient, or their inner products. */
type Wanted = "sum" | "each" | "gramian";
type Parameters = { tasks: number; rows: number; own: boolean; wanted: Wanted };

const [features, width] = [28, 64];
const shared = ["w1", "b1", "w2", "b2"] as const;

function inputs({ tasks, rows, own }: Parameters): Inputs {
  const numbered = (name: string, value: (task: number) => Inputs[string], count = tasks) =>
    Object.fromEntries(Array.from({ length: count }, (_, task) => [`${name}_${task}`, value(task)]));
  return {
    w1: uniform([features, width], 1, 2 ** -2),
    b1: uniform([width], 2, 2 ** -3),
    w2: uniform([width, width], 3, 2 ** -2),
    b2: uniform([width], 4, 2 ** -3),
    ...numbered("w", (task) => uniform([width, 1], 10 + task, 2 ** -2)),
    ...numbered("b", (task) => uniform([1], 110 + task, 2 ** -3)),
    ...numbered("y", (task) => uniform([rows, 1], 210 + task)),
    ...numbered("x", (task) => uniform([rows, features], 310 + task), own ? tasks : 1),
  };
}

/** One task at a time, in plain loops. */
function reference(given: Inputs, { tasks, rows, own, wanted }: Parameters): Float64Array[] {
  const each = Array.from({ length: tasks }, (_, task): Float64Array[] => {
    const alone: Arrays = {
      ...arraysOf(given, shared),
      w_0: Float64Array.from(given[`w_${task}`]!.data),
      b_0: Float64Array.from(given[`b_${task}`]!.data),
    };
    const data = { x: given[`x_${own ? task : 0}`]!, y_0: given[`y_${task}`]! };
    const { gradients } = plainMlp(alone, data, { batch: rows, features, width, heads: 1 });
    return shared.map((name) => gradients[name]!);
  });
  if (wanted === "each") return each.flat();
  if (wanted === "sum")
    return shared.map((_, leaf) => {
      const total = new Float64Array(each[0]![leaf]!.length);
      for (const gradient of each) addTo(total, gradient[leaf]!);
      return total;
    });
  const product = (a: readonly Float64Array[], b: readonly Float64Array[]) =>
    a.reduce((sum, leaf, k) => leaf.reduce((s, value, i) => s + value * b[k]![i]!, sum), 0);
  return [Float64Array.from({ length: tasks ** 2 }, (_, k) => product(each[Math.floor(k / tasks)]!, each[k % tasks]!))];
}

const cases = [
  { own: false, rows: 64, title: "the same 64 rows" },
  { own: true, rows: 8, title: "8 rows each" },
].flatMap(({ own, rows, title }) =>
  (["sum", "each", "gramian"] as const).map((wanted) => ({
    name: `32 tasks, ${title}: ${{ sum: "gradient of the sum", each: "each task’s gradient", gramian: "their Gramian alone" }[wanted]}`,
    parameters: { tasks: 32, rows, own, wanted },
    quick: !own,
  })),
);

/** What balancing methods need, in units of one backward pass. */
export const taskGradientRows = callFamily<Parameters>({
  name: "task gradients",
  about: "gradients of 32 tasks’ losses in a trunk 28→64→64 that they share, heads of one unit",
  cases,
  tolerance: () => 1e-4,
  inputs,
  reference,
  work: () => ({}),
  implementations: {
    kinship: ({ ops, autodiff, mtl, compile, from }, given, { tasks, own, wanted }) => {
      const { add, matmul, maximum, mean, square, sub } = ops;
      type Named = Record<string, Tensor>;
      const losses = (p: Named, data: Named): Tensor[] => {
        const encode = (x: Tensor) => maximum(add(matmul(maximum(add(matmul(x, p.w1!), p.b1!), 0), p.w2!), p.b2!), 0);
        const common = own ? undefined : encode(data.x_0!);
        return Array.from({ length: tasks }, (_, task) => {
          const h = common ?? encode(data[`x_${task}`]!);
          return mean(square(sub(add(matmul(h, data[`w_${task}`]!), data[`b_${task}`]!), data[`y_${task}`]!)));
        });
      };
      // All rows go through the trunk at once where one pass back is all that is wanted.
      const total = (p: Named, data: Named): Tensor => {
        if (!own) return losses(p, data).reduce((a, b) => add(a, b));
        const x = ops.concat(Array.from({ length: tasks }, (_, task) => data[`x_${task}`]!));
        const h = maximum(add(matmul(maximum(add(matmul(x, p.w1!), p.b1!), 0), p.w2!), p.b2!), 0);
        return ops
          .split(h, tasks)
          .map((part, task) =>
            mean(square(sub(add(matmul(part, data[`w_${task}`]!), data[`b_${task}`]!), data[`y_${task}`]!))),
          )
          .reduce((a, b) => add(a, b));
      };
      const listed = (gradient: Named): Tensor[] => shared.map((name) => gradient[name]!);
      const computed: Record<Wanted, (p: Named, data: Named) => Tensor[]> = {
        sum: (p, data) => listed(autodiff.grad((q: Named) => total(q, data))(p)),
        each: (p, data) =>
          mtl
            .taskGradients((q: Named) => losses(q, data))(p)
            .gradients.flatMap(listed),
        gramian: (p, data) => [mtl.taskGramian((q: Named) => losses(q, data))(p).gramian],
      };
      const program = compile(computed[wanted]);
      const tensors = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, from(given[name]!)]));
      const parameters = tensors(shared);
      const data = tensors(Object.keys(given).filter((name) => !shared.includes(name as (typeof shared)[number])));
      return {
        run: () => program(parameters, data),
        read: (found) => (found as Tensor[]).map((x) => x.toTypedArray()),
      };
    },
  },
});
