import { accuracyCharts, mostPoints } from "./charts/accuracy.js";
import { gainChart } from "./charts/gains.js";
import { heatMaps } from "./charts/heat.js";
import { pathChart } from "./charts/path.js";
import { shrinkageCharts } from "./charts/shrinkage.js";
import type { ReportData } from "./data.js";
import { headline, tally } from "./headline.js";
import { html, Markup } from "./html.js";
import { styleSheet } from "./style.js";
import { scoreTable, taskTable } from "./tables.js";
import { accuracyTitle, gainTitle, heatTitle, pathTitle, shrinkageTitle } from "./titles.js";
import { count, decimal, fixed, percent, plural, singular, whole } from "./words.js";

/** The report as one HTML page that needs nothing else: no network, no script, no font. */
export function renderReport(data: ReportData): string {
  const finding = headline(data);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="kinship ${data.version}">
<title>${finding.title}</title>
<style>${new Markup(styleSheet)}</style>
</head>
<body>
<main>
<header>
<p class="kicker">${data.target} of ${count(data.gains.perTask.length, data.task)} · ${data.source}</p>
<h1>${finding.title}</h1>
<p class="lead">${finding.summary}</p>
${facts(data)}
</header>
${comparison(data)}
${gains(data)}
${shrinkage(data)}
${path(data)}
${relatedness(data)}
${accuracy(data)}
${method(data)}
</main>
</body>
</html>
`.text;
}

function facts(data: ReportData): Markup {
  const counts = tally(data);
  const [single, pooled, multi] = data.methods;
  const against = (mse: number, other: string): Markup => {
    const change = 1 - multi.mse / mse;
    return html`<div><dt>${change < 0 ? "more" : "less"} error than ${other}</dt><dd>${percent(Math.abs(change))}</dd></div>`;
  };
  return html`<dl class="facts">
${against(single.mse, `each ${singular(data.task)} alone`)}
${against(pooled.mse, "one model for all")}
<div><dt>${plural(data.task)} clearly helped</dt><dd class="together">${whole(counts.helped)}</dd></div>
<div><dt>${plural(data.task)} clearly hurt</dt><dd class="alone">${whole(counts.hurt)}</dd></div>
</dl>`;
}

function section(title: string, text: Markup, picture: Markup, read: Markup): Markup {
  return html`<section>
<h2>${title}</h2>
<p>${text}</p>
<div class="picture">${picture}</div>
<p class="read"><b>How to read it.</b> ${read}</p>
</section>`;
}

function comparison(data: ReportData): Markup {
  return html`<section>
<h2>Three ways to learn, one test</h2>
<p>All three are the same linear model, fitted on the same ${whole(data.rows.train)} rows, with the strength of its penalty chosen in the same way. They differ in what a ${singular(data.task)} may learn from the others.</p>
<div class="scroll">${scoreTable(data)}</div>
<p class="read"><b>How to read it.</b> The mean squared error (MSE) is measured on the test rows; less is better. Explained variance <em>within</em> is the share explained beyond the mean of each ${singular(data.task)}, <em>global</em> beyond the mean of all rows; 100% would be perfect, and below 0 the mean itself does better.</p>
</section>`;
}

function gains(data: ReportData): Markup {
  const confidence = percent(data.gains.confidence, 0);
  return section(
    gainTitle(data),
    html`The gain of a ${singular(data.task)} is its error alone minus its error together, on the same test rows.
<span class="key together">clearly helped</span>, <span class="key alone">clearly hurt</span>, <span class="key neutral">within chance</span>.`,
    gainChart(data),
    html`One point is one ${singular(data.task)}; above the line (or right of it) learning together had less error. The bar is the interval that covers the true gain with ${confidence} confidence, as far as the test rows can tell (very long ones are cut off): where it crosses the line, the gain may be chance. Of so many intervals a few miss by chance alone.`,
  );
}

function shrinkage(data: ReportData): Markup {
  const shown = data.coefficients.length;
  const part =
    shown < data.coefficientCount ? html` Shown are the ${shown} of ${data.coefficientCount} that vary most.` : html``;
  return section(
    shrinkageTitle(data),
    html`Each line joins what one ${singular(data.task)} learned <span class="key alone">alone</span> with what it learned <span class="key together">together</span>, in ${data.target} per unit of the feature.${part}`,
    html`<div class="panels">${shrinkageCharts(data)}</div>`,
    html`Alone, the penalty can only pull a coefficient towards zero (the thin line), whatever the others show. Together, it pulls towards kin: with few rows an extreme coefficient is more often noise than truth, and what all have in common needs no penalty. The dashed line is the one model for all. The intercept is the prediction for an average row; the spread is the standard deviation over ${plural(data.task)}.`,
  );
}

function path(data: ReportData): Markup {
  return section(
    pathTitle(data),
    html`The penalty λ says how much being unlike one’s kin costs. It is chosen on the training rows alone, by cross-validation in ${data.folds} folds: <span class="key together">together</span>, and likewise <span class="key alone">each alone</span> (dashed).`,
    pathChart(data),
    html`To the left every ${singular(data.task)} follows its own few rows; to the right all are pressed into one mould. The large point marks the least error, and with it the chosen λ = ${decimal(data.path.multi.lambda, 3)}. The band is one standard error of the folds. Thin lines are other penalties on the intercept.`,
  );
}

function relatedness(data: ReportData): Markup {
  return section(
    heatTitle(),
    html`In this model ${data.kinship}. The left map shows that assumption, the matrix <em>K</em>; the right one shows how the fit came out: two ${plural(data.task)} are alike if they deviate in the same way from the average ${singular(data.task)}.`,
    heatMaps(data),
    html`Row and column stand for ${plural(data.task)}, in the same order in both maps, kin beside kin; a cell is a pair. Blue: alike, pulled together. Orange: unlike, pushed apart. Empty: no tie. On the left a cell is −K<sub>ij</sub>/√(K<sub>ii</sub>K<sub>jj</sub>), the tie of two ${plural(data.task)} given all others.`,
  );
}

function accuracy(data: ReportData): Markup {
  return section(
    accuracyTitle(data),
    data.rows.test > mostPoints
      ? html`Of the ${whole(data.rows.test)} test rows ${whole(mostPoints)}, evenly spread, predicted by models that never saw them.`
      : html`Every one of the ${whole(data.rows.test)} test rows, predicted by models that never saw it.`,
    html`<div class="panels two">${accuracyCharts(data)}</div>`,
    html`The darker, the more rows. On the dashed diagonal a prediction is exact. The solid line joins the means of up to ten groups of equally many rows, ordered by prediction: where it follows the diagonal, predictions are right on average; where it is flatter, they are too bold.`,
  );
}

function method(data: ReportData): Markup {
  const { overall, confidence } = data.gains;
  const decimals = 2;
  return html`<section>
<h2>How this was measured</h2>
<p>${data.source}: ${count(data.gains.perTask.length, data.task)}, ${whole(data.rows.train + data.rows.test)} rows, the target <code>${data.target}</code> and the features ${data.features.map((name, index) => html`${index > 0 ? ", " : ""}<code>${name}</code>`)}. Of the rows of each ${singular(data.task)}, ${percent(data.testFraction, 0)} were held out at random (seed ${data.seed}) for the test; features were standardised on the training rows. Over all test rows the gain is ${fixed(overall.gain, decimals)} in mean squared error (${percent(confidence, 0)} interval ${fixed(overall.low, decimals)} to ${fixed(overall.high, decimals)}).</p>
<p>The weights <em>w<sub>t</sub></em> of all ${plural(data.task)} minimise the sum of squared errors plus ½ λ Σ<sub>ij</sub> K<sub>ij</sub> ⟨w<sub>i</sub>, w<sub>j</sub>⟩. To make this report again:</p>
<pre><code>${data.command}</code></pre>
<details>
<summary>All ${count(data.gains.perTask.length, data.task)}, with their numbers</summary>
<div class="scroll">${taskTable(data)}</div>
</details>
</section>
<footer>Made by kinship ${data.version}, multi-task learning for TypeScript. This page is complete in itself: it loads nothing from elsewhere.</footer>`;
}
