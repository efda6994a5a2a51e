import { createRandom } from "@kinship/mtl";

/** A small table of shops whose sales follow two features, each shop in its own way: text of a CSV file. */
export function shops({ tasks = 6, rows = 12, seed = 3, separator = "," } = {}): string {
  const random = createRandom(seed);
  const uniform = (): number => Math.round((2 * random() - 1) * 1000) / 1000;
  const lines = [["shop", "area", "sunday", "sales"].join(separator)];
  for (let task = 0; task < tasks; task += 1) {
    const slope = 2 + 0.5 * uniform();
    for (let row = 0; row < rows; row += 1) {
      const [area, sunday] = [uniform(), row % 2];
      const sales = Math.round((5 + task / 4 + slope * area + 0.5 * sunday + 0.3 * uniform()) * 1000) / 1000;
      lines.push([`shop ${task}`, area, sunday, sales].join(separator));
    }
  }
  return `${lines.join("\n")}\n`;
}

export const shopNames = (tasks = 6): string[] => Array.from({ length: tasks }, (_, task) => `shop ${task}`);
