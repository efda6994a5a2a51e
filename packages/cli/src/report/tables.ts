import type { RankedMethod, ReportData, Verdict } from "./data.js";
import { tally } from "./headline.js";
import { html, type Markup } from "./html.js";
import { decimalsFor, fixed, measured, methodName, whole } from "./words.js";

export function scoreTable(data: ReportData): Markup {
  const counts = tally(data);
  const decimals = decimalsFor(data.methods[2].error);
  const least = Math.min(...data.methods.map(({ error }) => error));
  return html`<table>
<thead>
<tr><th scope="col">Method</th><th scope="col">${data.error.short}</th>${data.methods[2].measures.map(({ name }) => html`<th scope="col">${name}</th>`)}<th scope="col">Helped / hurt</th><th scope="col">Seconds</th></tr>
</thead>
<tbody>${data.methods.map(
    ({ key, error, measures, seconds }) =>
      html`<tr${error === least ? html` class="best"` : null}><th scope="row">${methodName[key].title}<small>${methodName[key].plain}</small></th><td>${fixed(error, decimals)}</td>${measures.map((measure) => html`<td>${measured(measure, decimals)}</td>`)}<td>${key === "multi" ? html`${whole(counts.helped)} / ${whole(counts.hurt)}` : null}</td><td>${fixed(seconds, 2)}</td></tr>`,
  )}</tbody>
</table>`;
}

/** Every method that was compared, from the least error in cross-validation. */
export function rankingTable({ error: { short } }: ReportData, ranking: readonly RankedMethod[]): Markup {
  const decimals = decimalsFor(ranking[0]!.validation);
  return html`<table>
<thead>
<tr><th scope="col">Method</th><th scope="col">${short}, cross-validated</th><th scope="col">${short}, test</th>${ranking[0]!.measures.map(({ name }) => html`<th scope="col">${name}</th>`)}<th scope="col">Features</th><th scope="col">Seconds</th></tr>
</thead>
<tbody>${ranking.map(
    ({ title, supposes, kind, variant, validation, error, measures, features, seconds }) =>
      html`<tr${kind === "chosen" ? html` class="best"` : null}><th scope="row">${title}${variant === "" ? null : html` (${variant})`}<small>${supposes}</small></th><td>${fixed(validation, decimals)}</td><td>${fixed(error, decimals)}</td>${measures.map((measure) => html`<td>${measured(measure, decimals)}</td>`)}<td>${whole(features)}</td><td>${fixed(seconds, 2)}</td></tr>`,
  )}</tbody>
</table>`;
}

const verdictWord: Readonly<Record<Verdict, string>> = { helped: "helped", hurt: "hurt", unclear: "–" };

/** Every task with its numbers: what the pictures show, for those who read tables or cannot see pictures. */
export function taskTable(data: ReportData): Markup {
  const sorted = [...data.gains.perTask].sort((a, b) => b.gain - a.gain);
  const decimals = Math.min(data.loss === "squared" ? 2 : 4, decimalsFor(data.methods[2].error));
  const grouped = sorted.some(({ group }) => group !== null);
  return html`<table>
<thead><tr><th>${data.task}</th>${grouped ? html`<th>parent</th>` : null}<th>test rows</th><th>${data.error.short} alone</th><th>${data.error.short} together</th><th>gain</th><th>interval</th><th>verdict</th></tr></thead>
<tbody>${sorted.map(
    ({ task, group, testRows, singleError, multiError, gain, low, high, verdict }) =>
      html`<tr><th scope="row">${task}</th>${grouped ? html`<td>${group}</td>` : null}<td>${whole(testRows)}</td><td>${fixed(singleError, decimals)}</td><td>${fixed(multiError, decimals)}</td><td>${fixed(gain, decimals)}</td><td>${fixed(low, decimals)} to ${fixed(high, decimals)}</td><td>${verdictWord[verdict]}</td></tr>`,
  )}</tbody>
</table>`;
}
