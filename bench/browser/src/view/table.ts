import { spread } from "../../../src/harness/statistics.js";
import { javascript } from "../backends/kinship.js";
import type { Row } from "../results.js";
import { ratio, time } from "./format.js";

const headings = ["Kernel", "Backend", "Answer", "Median", "Spread", "Beside JavaScript"];

function answer({ outcome, error }: Row): string {
  if ("reason" in outcome) return `${outcome.state}: ${outcome.reason}`;
  if (error === undefined) return "…";
  return error === 0 ? "right, the same" : `right, off by ${error.toExponential(1)}`;
}

function cells(row: Row, rows: readonly Row[]): string[] {
  const { kernel, size, backend, outcome } = row;
  const names = [`${kernel} ${size}`, backend, answer(row)];
  if (outcome.state !== "measured") return [...names, "", "", ""];
  const { milliseconds } = outcome;
  const evaluated = rows.find(
    (other) => other.kernel === kernel && other.size === size && other.backend === javascript.name,
  )?.outcome;
  const beside = evaluated?.state === "measured" ? ratio(evaluated.milliseconds.median / milliseconds.median) : "";
  return [...names, time(milliseconds.median), `± ${(100 * spread(milliseconds)).toFixed(0)} %`, beside];
}

export function fillTable(table: HTMLTableElement, rows: readonly Row[]): void {
  table.hidden = rows.length === 0;
  table.tBodies[0]!.replaceChildren(
    ...rows.map((row) => {
      const line = document.createElement("tr");
      line.dataset.state = row.outcome.state;
      cells(row, rows).forEach((text, k) => {
        const cell = document.createElement("td");
        cell.dataset.heading = headings[k];
        cell.textContent = text;
        line.append(cell);
      });
      return line;
    }),
  );
}
