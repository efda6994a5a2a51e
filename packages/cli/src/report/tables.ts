import type { ReportData, Verdict } from "./data.js";
import { tally } from "./headline.js";
import { html, type Markup } from "./html.js";
import { decimalsFor, fixed, methodName, percent, whole } from "./words.js";

export function scoreTable(data: ReportData): Markup {
  const counts = tally(data);
  const decimals = decimalsFor(data.methods[2].mse);
  const least = Math.min(...data.methods.map(({ mse }) => mse));
  return html`<table>
<thead>
<tr><th rowspan="2" scope="col">Method</th><th rowspan="2" scope="col">MSE</th><th colspan="2" scope="colgroup">Explained variance</th><th rowspan="2" scope="col">Helped / hurt</th><th rowspan="2" scope="col">Seconds</th></tr>
<tr><th scope="col">within</th><th scope="col">global</th></tr>
</thead>
<tbody>${data.methods.map(
    ({ key, mse, explainedWithin, explainedGlobal, seconds }) =>
      html`<tr${mse === least ? html` class="best"` : null}><th scope="row">${methodName[key].title}<small>${methodName[key].plain}</small></th><td>${fixed(mse, decimals)}</td><td>${percent(explainedWithin)}</td><td>${percent(explainedGlobal)}</td><td>${key === "multi" ? html`${whole(counts.helped)} / ${whole(counts.hurt)}` : null}</td><td>${fixed(seconds, 2)}</td></tr>`,
  )}</tbody>
</table>`;
}

const verdictWord: Readonly<Record<Verdict, string>> = { helped: "helped", hurt: "hurt", unclear: "–" };

/** Every task with its numbers: what the pictures show, for those who read tables or cannot see pictures. */
export function taskTable(data: ReportData): Markup {
  const sorted = [...data.gains.perTask].sort((a, b) => b.gain - a.gain);
  const decimals = Math.min(2, decimalsFor(data.methods[2].mse));
  const grouped = sorted.some(({ group }) => group !== null);
  return html`<table>
<thead><tr><th>${data.task}</th>${grouped ? html`<th>parent</th>` : null}<th>test rows</th><th>MSE alone</th><th>MSE together</th><th>gain</th><th>interval</th><th>verdict</th></tr></thead>
<tbody>${sorted.map(
    ({ task, group, testRows, singleMse, multiMse, gain, low, high, verdict }) =>
      html`<tr><th scope="row">${task}</th>${grouped ? html`<td>${group}</td>` : null}<td>${whole(testRows)}</td><td>${fixed(singleMse, decimals)}</td><td>${fixed(multiMse, decimals)}</td><td>${fixed(gain, decimals)}</td><td>${fixed(low, decimals)} to ${fixed(high, decimals)}</td><td>${verdictWord[verdict]}</td></tr>`,
  )}</tbody>
</table>`;
}
