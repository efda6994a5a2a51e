import { fileURLToPath } from "node:url";
import { runProcess } from "./process.js";

/** What `npm start` shows: 160 high schools, each tied to its sector, public or catholic. */
const embedded = (name: string): string =>
  fileURLToPath(new URL(`../../../examples/data/hsb/${name}`, import.meta.url));

const demonstration = [
  ...["fit", embedded("students.csv"), "--task", "school", "--target", "math"],
  ...["--tasks", embedded("schools.csv"), "--parent", "sector"],
];

const given = process.argv.slice(2);
await runProcess(given.length > 0 ? given : demonstration);
