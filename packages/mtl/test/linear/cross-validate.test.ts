import { crossValidate, fitKNorm, meanKinship, type Progress, predictTask, treeKinship } from "@kinship/mtl";
import { describe, expect, test } from "vitest";
import { foldsWithinTasks } from "../../src/data/folds.js";
import { createRandom } from "../../src/data/random.js";
import type { PlainTask } from "../support/oracle.js";

const random = createRandom(5);
const normal = () => random() + random() + random() + random() - 2;

/** Tasks whose weights lie `spread` around a common vector, with noise. */
function related(count: number, rows: number, spread: number, noise: number): PlainTask[] {
  const mean = [1, -2, 0.5];
  return Array.from({ length: count }, (_, t) => {
    const own = mean.map((value) => value + spread * normal());
    const x = Array.from({ length: rows + (t % 3) }, () => mean.map(normal));
    const y = x.map((row) => 3 + row.reduce((sum, value, k) => sum + value * own[k]!, 0) + noise * normal());
    return { name: `task ${t}`, x, y };
  });
}

describe("crossValidate", () => {
  const tasks = related(6, 8, 0.3, 0.5);

  test("has the errors of fits without each fold, one by one", async () => {
    const parents = new Map<string, string | null>(tasks.map(({ name }, t) => [name, t % 2 === 0 ? "even" : "odd"]));
    for (const name of ["even", "odd"]) parents.set(name, "top");
    const kinship = treeKinship({ parents: parents.set("top", null) });
    const options = { folds: 3, repeats: 1, seed: 4, lambdas: [0.5, 8], lambdaIntercepts: [1, 16] };
    const { path } = await crossValidate({ tasks, kinship, ...options });
    const foldOf = foldsWithinTasks(tasks.map(({ y }) => y.length), 3, 4); // biome-ignore format: one line
    expect(path.length).toBe(4);
    for (const { lambda, lambdaIntercept, mse } of path) {
      let total = 0;
      let rows = 0;
      for (let fold = 0; fold < 3; fold++) {
        const keep = (t: number, held: boolean) => (_: unknown, i: number) => (foldOf[t]![i] === fold) === held;
        const train = tasks.map(({ name, x, y }, t) => ({
          name,
          x: x.filter(keep(t, false)),
          y: y.filter(keep(t, false)),
        }));
        const model = fitKNorm({ tasks: train, kinship, lambda, lambdaIntercept });
        for (const [t, { name, x, y }] of tasks.entries()) {
          const predicted = predictTask(model, name, x.filter(keep(t, true)));
          for (const [i, value] of y.filter(keep(t, true)).entries()) {
            total += (value - predicted[i]!) ** 2;
            rows++;
          }
        }
      }
      expect(mse).toBeCloseTo(total / rows, 9);
    }
  });

  test("ties tasks of one kind strongly, and tasks of many kinds weakly", async () => {
    const same = await crossValidate({ tasks: related(12, 8, 0, 1), kinship: meanKinship(), intercept: "free" });
    const different = await crossValidate({
      tasks: related(12, 30, 3, 0.1),
      kinship: meanKinship(),
      intercept: "free",
    });
    expect(same.lambda).toBeGreaterThan(1000 * different.lambda);
    expect(same.mse).toBeLessThan(1.2 * (4 / 12));
  });

  test("goes below its first grid where there is no noise", async () => {
    const { lambda } = await crossValidate({ tasks: related(3, 12, 1, 0), kinship: meanKinship() });
    expect(lambda).toBeLessThan(1e-3);
  });

  test("the same seed gives the same answer, and reports on the way to it", async () => {
    const reports: Progress[] = [];
    const options = { tasks, kinship: meanKinship(), seed: 3 };
    const first = await crossValidate({ ...options, onProgress: (progress) => reports.push(progress) });
    expect(await crossValidate(options)).toEqual(first);
    expect(reports.at(-1)!.done).toBe(reports.at(-1)!.total);
    expect(reports.map(({ done }) => done)).toEqual(reports.map((_, i) => i + 1));
    expect(Math.min(...first.path.map(({ mse }) => mse))).toBe(first.mse);
  });

  test("stops when it is told to", async () => {
    const controller = new AbortController();
    const run = crossValidate({
      tasks,
      kinship: meanKinship(),
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(run).rejects.toThrow("enough");
    await expect(
      crossValidate({ tasks, kinship: meanKinship(), signal: AbortSignal.abort(new Error("never")) }),
    ).rejects.toThrow("never");
  });

  test("works with tasks of one row, and refuses one row in all and bad grids", async () => {
    const single = tasks.map((task) => ({ ...task, x: task.x.slice(0, 1), y: task.y.slice(0, 1) }));
    for (const intercept of ["coupled", "free", "none"] as const) {
      expect((await crossValidate({ tasks: single, kinship: meanKinship(), intercept })).mse).toBeGreaterThan(0);
    }
    await expect(crossValidate({ tasks: single.slice(0, 1), kinship: meanKinship() })).rejects.toThrow(
      /needs two training rows/,
    );
    await expect(crossValidate({ tasks, kinship: meanKinship(), lambdas: [0] })).rejects.toThrow(/lambdas must be/);
    await expect(crossValidate({ tasks, kinship: meanKinship(), folds: 1 })).rejects.toThrow(/folds/);
  });
});
