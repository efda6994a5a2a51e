import { listNames } from "../errors.js";
import { accuracyCharts, mostPoints } from "./charts/accuracy.js";
import { gainChart } from "./charts/gains.js";
import { heatMaps } from "./charts/heat.js";
import { normChart } from "./charts/norms.js";
import { pathChart } from "./charts/path.js";
import { rankingChart } from "./charts/ranking.js";
import { reliabilityCharts } from "./charts/reliability.js";
import { shrinkageCharts } from "./charts/shrinkage.js";
import { sparsityMap } from "./charts/sparsity.js";
import type { ReportData } from "./data.js";
import { headline, tally } from "./headline.js";
import { html, Markup } from "./html.js";
import { styleSheet } from "./style.js";
import { rankingTable, scoreTable, taskTable } from "./tables.js";
import {
  accuracyTitle,
  gainTitle,
  groupsTitle,
  heatTitle,
  pathTitle,
  rankingTitle,
  shrinkageTitle,
  sparsityTitle,
} from "./titles.js";
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
${ranking(data)}
${gains(data)}
${shrinkage(data)}
${path(data)}
${norms(data)}
${sparsity(data)}
${relatedness(data)}
${groups(data)}
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
  const against = (error: number, other: string): Markup => {
    const change = 1 - multi.error / error;
    return html`<div><dt>${change < 0 ? "more" : "less"} error than ${other}</dt><dd>${percent(Math.abs(change))}</dd></div>`;
  };
  return html`<dl class="facts">
${against(single.error, `each ${singular(data.task)} alone`)}
${against(pooled.error, "one model for all")}
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
<p>All three are linear models, fitted on the same ${whole(data.rows.train)} rows, with the strength of its penalty chosen in the same way. They differ in what a ${singular(data.task)} may learn from the others. Together is here <em>${data.method.title}</em>: ${data.method.supposes}.</p>
<div class="scroll">${scoreTable(data)}</div>
<p class="read"><b>How to read it.</b> The ${data.error.name} is measured on the test rows; less is better. ${measuresInWords(data)}</p>
</section>`;
}

function measuresInWords(data: ReportData): Markup {
  const task = singular(data.task);
  switch (data.loss) {
    case "squared":
      return html`Explained variance <em>within</em> is the share explained beyond the mean of each ${task}, <em>global</em> beyond the mean of all rows; 100% would be perfect, and below 0 the mean itself does better.`;
    case "huber":
      return html`Huber’s error is the square of small errors, and grows with their size only where they are large. MSE and MAE are the means of squared and of absolute errors.`;
    case "logistic":
      return html`The log-loss is the mean of −ln of the probability that was given to what came. Accuracy is the share of rows whose likelier label came; AUC how often a row with the second label is ranked above one with the first.`;
    case "multinomial":
      return html`The log-loss is the mean of −ln of the probability that was given to the label that came. Accuracy is the share of rows whose likeliest label came; macro F1 counts every label alike, however rare.`;
    default:
      return html`The deviance is twice the log-likelihood that is lost against a perfect prediction of each count; the share explained is beyond the mean of all rows. MAE is the mean of absolute errors.`;
  }
}

function ranking(data: ReportData): Markup | null {
  if (data.ranking === null) return null;
  const failures = data.failed.map(({ title, reason }) => html`<li>${title}: ${reason}</li>`);
  return section(
    rankingTitle(data.ranking),
    html`Every method was fitted on the same rows, its penalties chosen on the same ${data.folds} folds of them. The <span class="key together">chosen</span> one has the least error in cross-validation of those that learn together; <span class="key alone">baselines</span> do not.`,
    html`${rankingChart(data, data.ranking)}<div class="scroll">${rankingTable(data, data.ranking)}</div>${failures.length === 0 ? null : html`<p>Could not be fitted:</p><ul>${failures}</ul>`}`,
    html`A point is the error in cross-validation, its bar one standard error of the folds; a ring is the error on the test rows, which had no part in the choice. Methods whose bars overlap are hardly told apart. Features are the columns with a weight that is not zero in some ${singular(data.task)}.`,
  );
}

function norms(data: ReportData): Markup | null {
  if (data.norms === null) return null;
  const shown = data.norms.features.length;
  return section(
    "How the weights shrink as the penalty grows",
    html`Each line is a feature: how large its weights are, over all ${plural(data.task)}, fitted on all training rows for one λ after another. Shown are the ${shown} largest at the chosen λ.`,
    normChart(data.norms),
    html`The size is the root mean square over ${plural(data.task)} of the weights of the standardised feature. Where a line meets zero, no ${singular(data.task)} uses the feature any more (grey lines: unused at the chosen λ).`,
  );
}

function sparsity(data: ReportData): Markup {
  return section(
    sparsityTitle(data),
    html`The weights of all ${plural(data.task)} at once: a row is a feature, a column a ${singular(data.task)}, in the order of the map below.`,
    sparsityMap(data.sparsity, plural(data.task)),
    html`Features are standardised, so that colours compare. Blue raises the prediction, orange lowers it, stronger colours more so; grey cells are exactly zero: that ${singular(data.task)} does without the feature.`,
  );
}

function groups(data: ReportData): Markup | null {
  const { taskGroups } = data;
  if (taskGroups === null) return null;
  const list = (found: readonly (readonly string[])[]): Markup =>
    html`<ol class="kin">${found.map((names) => html`<li><b>${whole(names.length)}</b> ${listNames(names, 12)}</li>`)}</ol>`;
  const affine =
    taskGroups.affine === null
      ? null
      : html`<p>By affinity (a step that lowers the error of one lowers that of the others):</p>${list(taskGroups.affine)}`;
  return html`<section>
<h2>${groupsTitle(taskGroups, data.task)}</h2>
<p>By how alike their fits deviate from the average (spectral clustering of the map above):</p>
${list(taskGroups.alike)}
${affine}
<p class="read"><b>How to read it.</b> The number of groups is the one that tells them apart best: their mean silhouette is ${fixed(taskGroups.silhouette, 2)}, where 1 is perfect and 0 none. Groups differ in what they need: a common K within each, or a model for each, may do better still.</p>
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
    html`Each line joins what one ${singular(data.task)} learned <span class="key alone">alone</span> with what it learned <span class="key together">together</span>, in ${unitOf(data)} per unit of the feature.${part}`,
    html`<div class="panels">${shrinkageCharts(data)}</div>`,
    html`Alone, the penalty can only pull a coefficient towards zero (the thin line), whatever the others show. Together, it pulls towards kin: with few rows an extreme coefficient is more often noise than truth, and what all have in common needs no penalty. The dashed line is the one model for all. The intercept is the prediction for an average row; the spread is the standard deviation over ${plural(data.task)}.`,
  );
}

function path(data: ReportData): Markup {
  return section(
    pathTitle(data),
    html`The penalty λ says how much weight the method’s supposition has. It is chosen on the training rows alone, by cross-validation in ${data.folds} folds: <span class="key together">together</span>, and likewise <span class="key alone">each alone</span> (dashed).`,
    pathChart(data),
    html`To the left every ${singular(data.task)} follows its own few rows; to the right the penalty has its way. The large point marks the least error, and with it the chosen λ = ${decimal(data.path.multi.lambda, 3)}. The band is one standard error of the folds. Thin lines are other penalties on the intercept, or other options of the method.`,
  );
}

function relatedness(data: ReportData): Markup {
  const tasks = plural(data.task);
  const tied = data.related.assumed !== null;
  const fits = html`two ${tasks} are alike if they deviate in the same way from the average ${singular(data.task)}`;
  const learned = data.related.learned
    ? html`How ${tasks} differ from their average together was learned with their models: the left map shows the <em>K</em> that was found`
    : html`In this model ${data.kinship}. The left map shows that assumption, the matrix <em>K</em>`;
  return section(
    heatTitle(data),
    tied
      ? html`${learned}; the right one shows how the fit came out: ${fits}.`
      : html`This method supposes no ties: the map shows how the fit came out; ${fits}.`,
    heatMaps(data),
    html`Row and column stand for ${tasks}, ${tied ? "in the same order in both maps, " : ""}kin beside kin; a cell is a pair. Blue: alike, pulled together. Orange: unlike, pushed apart. Empty: no tie.${tied ? html` On the left a cell is −K<sub>ij</sub>/√(K<sub>ii</sub>K<sub>jj</sub>), the tie of two ${tasks} given all others.` : null}`,
  );
}

function accuracy(data: ReportData): Markup {
  const { predictions } = data;
  if (predictions.kind === "probabilities") {
    return section(
      accuracyTitle(data),
      html`Of the ${whole(data.rows.test)} test rows: how often ${predictions.of} came, against the probability that was predicted.`,
      html`<div class="panels two">${reliabilityCharts(predictions.single, predictions.multi)}</div>`,
      html`Each point stands for the rows whose predicted probability lies in the same tenth, the larger the more rows. On the dashed diagonal, probabilities are right; below it too high, above it too low.`,
    );
  }
  return section(
    accuracyTitle(data),
    data.rows.test > mostPoints
      ? html`Of the ${whole(data.rows.test)} test rows ${whole(mostPoints)}, evenly spread, predicted by models that never saw them.`
      : html`Every one of the ${whole(data.rows.test)} test rows, predicted by models that never saw it.`,
    html`<div class="panels two">${accuracyCharts(predictions, data)}</div>`,
    html`The darker, the more rows. On the dashed diagonal a prediction is exact. The solid line joins the means of up to ten groups of equally many rows, ordered by prediction: where it follows the diagonal, predictions are right on average; where it is flatter, they are too bold.`,
  );
}

function method(data: ReportData): Markup {
  const { overall, confidence } = data.gains;
  const decimals = data.loss === "squared" ? 2 : 4;
  return html`<section>
<h2>How this was measured</h2>
<p>${data.source}: ${count(data.gains.perTask.length, data.task)}, ${whole(data.rows.train + data.rows.test)} rows, the target <code>${data.target}</code> and the features ${data.features.map((name, index) => html`${index > 0 ? ", " : ""}<code>${name}</code>`)}. Of the rows of each ${singular(data.task)}, ${percent(data.testFraction, 0)} were held out at random (seed ${data.seed}) for the test; features were standardised on the training rows. Over all test rows the gain is ${fixed(overall.gain, decimals)} in ${data.error.name} (${percent(confidence, 0)} interval ${fixed(overall.low, decimals)} to ${fixed(overall.high, decimals)}).</p>
<p>${objectiveInWords(data)} To make this report again:</p>
<pre><code>${data.command}</code></pre>
<details>
<summary>All ${count(data.gains.perTask.length, data.task)}, with their numbers</summary>
<div class="scroll">${taskTable(data)}</div>
</details>
</section>
<footer>Made by kinship ${data.version}, multi-task learning for TypeScript. This page is complete in itself: it loads nothing from elsewhere.</footer>`;
}

/** What scores are counted in. */
function unitOf({ loss, target }: ReportData): string {
  if (loss === "logistic" || loss === "multinomial") return `log-odds of ${target}`;
  return loss === "poisson" ? `the logarithm of the expected ${target}` : target;
}

function objectiveInWords(data: ReportData): Markup {
  const errors = {
    squared: "squared errors",
    huber: "Huber’s errors",
    logistic: "negative log-likelihoods",
    multinomial: "negative log-likelihoods",
    poisson: "negative log-likelihoods",
  }[data.loss];
  const penalty =
    data.method.name === "k-norm" || data.method.name === "learned"
      ? html`½ λ Σ<sub>ij</sub> K<sub>ij</sub> ⟨w<sub>i</sub>, w<sub>j</sub>⟩`
      : html`λ Ω(W), the ${data.method.title} penalty`;
  return html`The weights <em>w<sub>t</sub></em> of all ${plural(data.task)} minimise the sum of ${errors ?? data.error.name} plus ${penalty}.`;
}
