import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom, fitKNorm, graphKinship, type Task } from "@kinship/mtl";
import { THEMES } from "./report/chart.js";
import { drawScaling, type ScalingPoint } from "./report/scaling.js";

/** How the time of a fit grows with the number of tasks: tasks of 20 rows and 50 features, five edges of a graph each. */
const shape = { features: 50, rows: 20, edges: 5 };
const counts = [100, 300, 1000, 3000, 10_000];
const lambdas = [1, 30, 1000];

function tasksOf(count: number): Task[] {
  const { features, rows } = shape;
  const random = createRandom(1);
  const normal = () => random() + random() + random() + random() - 2;
  const common = Array.from({ length: features }, normal);
  return Array.from({ length: count }, (_, t) => {
    const own = common.map((value) => value + normal() / 3);
    const data = Float64Array.from({ length: rows * features }, normal);
    const y = Float64Array.from({ length: rows }, (_, i) =>
      own.reduce((sum, value, j) => sum + value * data[i * features + j]!, normal() / 2),
    );
    return { name: `t${t}`, x: { data, shape: [rows, features], stride: [features, 1], offset: 0 }, y };
  });
}

/** Pairs drawn at random. */
function edgesOf(count: number): [string, string][] {
  const random = createRandom(2);
  return Array.from({ length: shape.edges * count }, (_, k) => {
    const from = k % count;
    const to = (from + 1 + Math.floor(random() * (count - 1))) % count;
    return [`t${from}`, `t${to}`];
  });
}

/** Processor time, which other programs disturb less than the clock on the wall; in a process of its own. */
function measure(count: number, lambda: number): ScalingPoint {
  const tasks = tasksOf(count);
  const kinship = graphKinship({ edges: edgesOf(count) });
  const before = process.cpuUsage();
  const { certificate } = fitKNorm({ tasks, kinship, lambda });
  const { user, system } = process.cpuUsage(before);
  if (!certificate.converged) throw new Error(`${count} tasks, λ = ${lambda}: ${certificate.remedy}`);
  const { iterations } = certificate;
  const megabytes = process.resourceUsage().maxRSS / 1e3;
  return { tasks: count, lambda, seconds: (user + system) / 1e6, iterations, megabytes };
}

async function main(): Promise<void> {
  const file = fileURLToPath(import.meta.url);
  const points: ScalingPoint[] = [];
  for (const count of counts) {
    for (const lambda of lambdas) {
      const child = spawnSync(process.execPath, [file, String(count), String(lambda)], { encoding: "utf8" });
      if (child.status !== 0) throw new Error(child.stderr);
      const point: ScalingPoint = JSON.parse(child.stdout);
      points.push(point);
      console.log(
        `${count} tasks, λ = ${lambda}: ${point.seconds.toFixed(2)} s of processor time, ${point.iterations} iterations, ` +
          `${point.megabytes.toFixed(0)} MB at most`,
      );
    }
  }
  const images = path.resolve(import.meta.dirname, "..", "..", "docs", "images");
  await mkdir(images, { recursive: true });
  for (const theme of ["light", "dark"] as const) {
    await writeFile(path.join(images, `tasks-${theme}.svg`), drawScaling(points, THEMES[theme]));
  }
}

const [count, lambda] = process.argv.slice(2).map(Number);
if (count !== undefined && lambda !== undefined) console.log(JSON.stringify(measure(count, lambda)));
else await main();
