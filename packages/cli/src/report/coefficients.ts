import type { Feature, Interactions, LinearModel, Pipeline } from "@kinship/mtl";
import { nodeNames } from "@kinship/mtl";
import type { Coefficient, Sparsity } from "./data.js";
import { spread } from "./words.js";

/** Where the weights of tasks stand in a model. */
interface Layout {
  readonly columns: number;
  readonly outputs: number;
  /** Names of the columns of x; with the class, where there are several outputs: "ses → b". */
  readonly names: readonly string[];
}

function layoutOf({ features, intercepts, kinship, pipeline }: LinearModel): Layout {
  const outputs = intercepts.length / kinship.precision.size;
  const classes = pipeline?.labels ?? Array.from({ length: outputs }, (_, c) => String(c));
  const names = outputs === 1 ? features : features.flatMap((name) => classes.map((label) => `${name} → ${label}`));
  return { columns: features.length, outputs, names };
}

/** The weight of column j for output c of a node; rows of a picture run over columns, then outputs. */
const weightAt = ({ weights }: LinearModel, { columns, outputs }: Layout, node: number, row: number): number =>
  weights[(node * outputs + (row % outputs)) * columns + Math.floor(row / outputs)]!;

/** In the units of the data; those that differ most between tasks, for their size, come first after the intercepts. */
export function coefficientsOf(single: LinearModel, pooled: LinearModel, multi: LinearModel): Coefficient[] {
  const tasks = multi.kinship.tasks;
  const layout = layoutOf(multi);
  const { outputs, names } = layout;
  const mean = multi.pipeline?.targetMean ?? 0;
  const scales = multi.pipeline === null ? [] : columnScales(multi.pipeline);
  const rowsIn = (model: LinearModel): number[] => {
    const place = new Map(model.kinship.tasks.map((task, index) => [task, index]));
    return tasks.map((task) => place.get(task)!);
  };
  const [singleRows, multiRows, pooledRow] = [
    rowsIn(single),
    rowsIn(multi),
    nodeNames(pooled).indexOf(pooled.kinship.root!),
  ];
  const weights = names.map((name, row) => {
    const scale = scales[Math.floor(row / outputs)] ?? 1;
    const values = (model: LinearModel, nodes: readonly number[]): number[] =>
      nodes.map((node) => weightAt(model, layout, node, row) / scale);
    const together = values(multi, multiRows);
    const coefficient = {
      name,
      single: values(single, singleRows),
      multi: together,
      pooled: values(pooled, [pooledRow])[0]!,
    };
    return { coefficient, difference: spread(together) * scale };
  });
  weights.sort((a, b) => b.difference - a.difference);
  const intercepts = Array.from({ length: outputs }, (_, c): Coefficient => {
    const at = (model: LinearModel, node: number): number => mean + model.intercepts[node * outputs + c]!;
    return {
      name: outputs === 1 ? "intercept" : `intercept → ${multi.pipeline?.labels?.[c] ?? c}`,
      single: singleRows.map((node) => at(single, node)),
      multi: multiRows.map((node) => at(multi, node)),
      pooled: at(pooled, pooledRow),
    };
  });
  return [...intercepts, ...weights.map(({ coefficient }) => coefficient)];
}

/** One scale a column of x, in the pipeline's order. */
function columnScales({ features, interactions }: Pipeline): number[] {
  const own = features.flatMap(scalesOf);
  return interactions === null ? own : [...own, ...crossedScales(interactions, own)];
}

function crossedScales({ features, products }: Interactions, own: readonly number[]): number[] {
  const described = features.flatMap(scalesOf);
  const pairs = own.flatMap((scale) => described.map((other) => scale * other));
  return [...described, ...products.map(({ scale }, k) => scale * pairs[k]!)];
}

function scalesOf(feature: Feature): number[] {
  if (feature.kind === "categorical") return feature.levels.map(({ scale }) => scale);
  return [feature.scale, ...(feature.missing === null ? [] : [feature.missing.scale])];
}

/** The weights of standardised features. @param order of the tasks */
export function sparsityOf(model: LinearModel, order: readonly number[]): Sparsity {
  const layout = layoutOf(model);
  const { names } = layout;
  return {
    rows: names,
    tasks: order.map((task) => model.kinship.tasks[task]!),
    weights: Float64Array.from({ length: names.length * order.length }, (_, at) =>
      weightAt(model, layout, order[at % order.length]!, Math.floor(at / order.length)),
    ),
  };
}

/** Columns of x that some task gives a weight. A pooled model has one node for all tasks. */
export function featuresUsed(model: LinearModel): number {
  const layout = layoutOf(model);
  const nodes = Math.max(1, model.kinship.tasks.length);
  return model.features.filter((_, column) =>
    Array.from({ length: nodes * layout.outputs }).some(
      (_, k) =>
        weightAt(model, layout, Math.floor(k / layout.outputs), column * layout.outputs + (k % layout.outputs)) !== 0,
    ),
  ).length;
}

/** Root mean square over tasks, for each row of a picture. */
export function weightNorms(model: LinearModel): { readonly names: readonly string[]; readonly norms: number[] } {
  const layout = layoutOf(model);
  const tasks = model.kinship.tasks.length;
  return {
    names: layout.names,
    norms: layout.names.map((_, row) =>
      Math.sqrt(
        Array.from({ length: tasks }, (_, task) => weightAt(model, layout, task, row) ** 2 / tasks).reduce(
          (a, b) => a + b,
          0,
        ),
      ),
    ),
  };
}
