import Table from "cli-table3";
import type { RankedMethod, ReportData } from "../report/data.js";
import { tally } from "../report/headline.js";
import { decimalsFor, fixed, measured, methodName } from "../report/words.js";

/** The comparison as text, with emphasis on the best where colour is wanted. */
export function scoreTable(data: ReportData, colour: boolean): string {
  const counts = tally(data);
  const decimals = decimalsFor(data.methods[2].error);
  const least = Math.min(...data.methods.map(({ error }) => error));
  const measures = data.methods[2].measures.map(({ name }) => name);
  const rows = data.methods.map(({ key, error, measures, seconds }) => {
    const own = key === "multi";
    const row = [
      methodName[key].title.toLowerCase(),
      fixed(error, decimals),
      ...measures.map((measure) => measured(measure, decimals)),
      own ? String(counts.helped) : "",
      own ? String(counts.hurt) : "",
      fixed(seconds, 2),
    ];
    return error === least && colour ? row.map(bold) : row;
  });
  return asText(["", data.error.short, ...measures, "helped", "hurt", "seconds"], rows);
}

/** All methods that were compared, the one that was chosen with emphasis; what failed, below. */
export function rankingTable(data: ReportData, ranking: readonly RankedMethod[], colour: boolean): string {
  const decimals = decimalsFor(ranking[0]!.validation);
  const { short } = data.error;
  const measures = ranking[0]!.measures.map(({ name }) => name);
  const rows = ranking.map(({ title, variant, kind, validation, error, measures, features, seconds }) => {
    const name = variant === "" ? title : `${title} (${variant})`;
    const row = [
      kind === "chosen" ? `${name} *` : name,
      fixed(validation, decimals),
      fixed(error, decimals),
      ...measures.map((measure) => measured(measure, decimals)),
      String(features),
      fixed(seconds, 2),
    ];
    return kind === "chosen" && colour ? row.map(bold) : row;
  });
  const head = ["", `${short}, cross-validated`, `${short}, test`, ...measures, "features", "seconds"];
  const failures = data.failed.map(({ title, reason }) => `could not be fitted: ${title}: ${reason}\n`);
  return `${asText(head, rows)}* the model that is written\n${failures.join("")}`;
}

function asText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (column === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
    chars: quiet,
  });
  for (const row of rows) table.push([...row]);
  return `${table.toString()}\n`;
}

const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`;

/** Rules above, below and under the head; nothing between columns. */
export const quiet = {
  ...{ top: "─", "top-mid": "─", "top-left": "", "top-right": "" },
  ...{ bottom: "─", "bottom-mid": "─", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "─", "mid-mid": "─", right: "", "right-mid": "", middle: " " },
};
