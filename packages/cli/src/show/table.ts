import Table from "cli-table3";
import type { ReportData } from "../report/data.js";
import { tally } from "../report/headline.js";
import { decimalsFor, fixed, methodName, percent } from "../report/words.js";

/** The comparison as text, with emphasis on the best where colour is wanted. */
export function scoreTable(data: ReportData, colour: boolean): string {
  const counts = tally(data);
  const decimals = decimalsFor(data.methods[2].mse);
  const least = Math.min(...data.methods.map(({ mse }) => mse));
  const table = new Table({
    head: ["", "MSE", "explained within", "explained global", "helped", "hurt", "seconds"],
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
    chars: quiet,
  });
  for (const { key, mse, explainedWithin, explainedGlobal, seconds } of data.methods) {
    const own = key === "multi";
    const row = [
      methodName[key].title.toLowerCase(),
      fixed(mse, decimals),
      percent(explainedWithin),
      percent(explainedGlobal),
      own ? String(counts.helped) : "",
      own ? String(counts.hurt) : "",
      fixed(seconds, 2),
    ];
    table.push(mse === least && colour ? row.map(bold) : row);
  }
  return `${table.toString()}\n`;
}

const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`;

/** Rules above, below and under the head; nothing between columns. */
const quiet = {
  ...{ top: "─", "top-mid": "─", "top-left": "", "top-right": "" },
  ...{ bottom: "─", "bottom-mid": "─", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "─", "mid-mid": "─", right: "", "right-mid": "", middle: " " },
};
