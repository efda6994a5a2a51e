import { matrixOf, vectorOf } from "../data/arrays.js";
import type { MatrixLike } from "../data/tasks.js";
import type { LabelledTask } from "../solvers/problem.js";

/** Tasks in memory that threads share, so that none copies them. Tasks that were given the very same x keep sharing it. */
export function sharedTasks(tasks: readonly LabelledTask[], caller: string): LabelledTask[] {
  const inputs = new Map<MatrixLike, LabelledTask["x"]>();
  return tasks.map(({ name, x, y, weight, sampleWeights }): LabelledTask => {
    const what = `${caller}: task "${name}"`;
    let input = inputs.get(x);
    if (input === undefined) {
      const { data, rows, columns } = matrixOf(x, `${what}, x`);
      input = { data: shared(data), shape: [rows, columns], stride: [columns, 1], offset: 0 };
      inputs.set(x, input);
    }
    return {
      ...{ name, x: input, y: shared(vectorOf(y, `${what}, y`)) },
      ...(weight !== undefined && { weight }),
      ...(sampleWeights !== undefined && { sampleWeights: shared(vectorOf(sampleWeights, `${what}, sampleWeights`)) }),
    };
  });
}

function shared(values: Float64Array): Float64Array {
  const copy = new Float64Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
