import { measured, measureName } from "../../train/results.js";
import { html, Markup } from "../html.js";
import { styleSheet } from "../style.js";
import { decimal, percent, whole } from "../words.js";
import { classified, confusionChart, reliabilityChart, worstConfusion } from "./classes.js";
import { curves, learningCurves, mostPanels } from "./curves.js";
import type { TrainingReport } from "./data.js";
import { affinityChart, conflictsOf, cosineChart, groupings, meanAffinity, trackedEpochs } from "./gradients.js";

/** The report of a training as one HTML page that needs nothing else. */
export function renderTraining(report: TrainingReport): string {
  const title = headline(report);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="kinship ${report.version}">
<title>${title}</title>
<style>${new Markup(styleSheet)}</style>
</head>
<body>
<main>
<header>
<p class="kicker">${whole(report.tasks.length)} ${report.tasks.length === 1 ? "task" : "tasks"} · ${report.source}</p>
<h1>${title}</h1>
<p class="lead">${summary(report)}</p>
</header>
${scores(report)}
${learning(report)}
${weights(report)}
${conflicts(report)}
${affinity(report)}
${confusion(report)}
${reliability(report)}
${method(report)}
</main>
</body>
</html>
`.text;
}

function headline({ tasks, comparison }: TrainingReport): string {
  if (!comparison)
    return tasks.length === 1
      ? `What was learned of ${tasks[0]!.name}`
      : `What ${whole(tasks.length)} tasks learned together`;
  const { deltaM } = comparison;
  const size = `${decimal(Math.abs(deltaM.mean), 2)}%`;
  if (deltaM.low > 0) return `Learned together, the tasks are ${size} better on average than each alone`;
  if (deltaM.high < 0) return `Learned together, the tasks are ${size} worse on average than each alone`;
  return "Learning the tasks together made no clear difference";
}

function summary({ tasks, measures, main, rows }: TrainingReport): string {
  const shown = tasks.slice(0, 4).map(({ name }) => {
    const { measure } = main[name]!;
    return `${name}: ${measureName[measure] ?? measure} ${measured(measure, measures[name]![measure]!)}`;
  });
  return `On ${whole(rows.test)} rows that took no part in training: ${shown.join("; ")}${tasks.length > 4 ? "; and so on" : ""}.`;
}

function section(title: string, text: Markup | string, picture: Markup, read: Markup | string): Markup {
  return html`<section>
<h2>${title}</h2>
<p>${text}</p>
<div class="picture">${picture}</div>
<p class="read"><b>How to read it.</b> ${read}</p>
</section>`;
}

function scores({ tasks, measures, main, comparison }: TrainingReport): Markup {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const rows = tasks.map(({ name, kind }) => {
    const { measure } = main[name]!;
    const others = Object.entries(measures[name]!).filter(([other]) => other !== measure);
    const found = comparison?.tasks[name];
    const compared = found
      ? html`<td>${measured(measure, mean(found.single))}</td><td>${measured(measure, mean(found.multi))}</td><td>${measured(measure, found.gain.low)} to ${measured(measure, found.gain.high)}</td><td>${found.verdict}</td>`
      : null;
    const beside = others
      .map(([other, value]) => `${measureName[other] ?? other} ${measured(other, value)}`)
      .join(", ");
    return html`<tr class="above"><th scope="row">${name}<small>${kind}</small></th><td>${measureName[measure] ?? measure}</td><td>${measured(measure, measures[name]![measure]!)}</td>${compared}</tr>
<tr class="beside"><td colspan="${comparison ? 7 : 3}">${beside}</td></tr>`;
  });
  const head = comparison
    ? html`<th>alone, mean of seeds</th><th>together, mean of seeds</th><th>gain, ${percent(0.95, 0)} interval</th><th></th>`
    : null;
  const delta = comparison
    ? html`<p>Δm, the mean relative gain over the tasks (of regressions, in their squared error), is ${decimal(comparison.deltaM.mean, 3)}% (interval ${decimal(comparison.deltaM.low, 3)} to ${decimal(comparison.deltaM.high, 3)}). Each task alone was trained with the same architecture, as many steps and as many of its rows a step, for ${whole(comparison.measures.single.length)} seeds; gains are of runs with the same seed.</p>`
    : null;
  return html`<section>
<h2>How good it is</h2>
<p>Measured on rows that neither trained nor decided when to stop.</p>
<div class="scroll"><table><thead><tr><th>task</th><th>measure</th><th>test</th>${head}</tr></thead><tbody>${rows}</tbody></table></div>
${delta}
</section>`;
}

function learning(report: TrainingReport): Markup {
  const { history, stopped, tasks } = report;
  const epochs = history.length;
  const part = tasks.length > mostPanels ? ` Shown are the first ${mostPanels} of ${whole(tasks.length)} tasks.` : "";
  const title =
    stopped === "early"
      ? `Learning stopped after epoch ${epochs}, when validation no longer fell`
      : `The losses over ${epochs} epochs`;
  return section(
    title,
    html`The loss of each task on the rows that <span class="key neutral">train</span>, as a mean over the steps of the epoch, and on those that <span class="key together">validate</span>, after it.${part}`,
    learningCurves(report),
    "Where validation rises while training falls on, the model learns its rows by heart: fewer epochs, --patience, --dropout or more rows help. The point marks the lowest validation. Losses of regressions are in standard deviations², those of classes in nats.",
  );
}

function weights({ tasks, history, options }: TrainingReport): Markup {
  const known = history.filter((entry) => entry.weights);
  if (known.length === 0) return html``;
  const shown = tasks.slice(0, 8).map(({ name }) => ({
    name,
    points: known.map(({ epoch, weights }) => ({ epoch, value: weights![name]! })),
  }));
  return section(
    `How ${options.balance} weighed the tasks`,
    "The weight of each task’s gradient in the update of what the tasks share, as a mean over the steps of each epoch.",
    curves("Weights of the tasks over the epochs", "↑ weight", shown, false),
    "Weights that drift far apart mean that the method thinks little of some tasks: compare their curves above. What a task has of its own is not weighed.",
  );
}

function conflicts(report: TrainingReport): Markup {
  const tracked = trackedEpochs(report);
  if (tracked.length === 0) return html``;
  const rate = conflictsOf(tracked);
  const title =
    rate === 0
      ? "No two tasks were ever in conflict"
      : `Tasks were in conflict in ${percent(rate, 0)} of the pairs measured`;
  return section(
    title,
    "The cosine between two tasks’ gradients of what they share, on the last batch of each epoch. 1: they ask for the same; 0: for different things; below: for opposite ones.",
    cosineChart(report, tracked),
    rate > 0.2
      ? html`Conflict this frequent is what methods such as <code>--balance upGrad</code>, <code>pcGrad</code> or <code>caGrad</code> are made for.`
      : "Where gradients hardly conflict, the plain sum of the losses is hard to beat.",
  );
}

function affinity(report: TrainingReport): Markup {
  const tracked = trackedEpochs(report);
  if (tracked.length === 0 || report.tasks.length < 2) return html``;
  const found = meanAffinity(tracked);
  return section(
    "Who helps whom",
    "How much a step for the task of a row lowers the loss of the task of a column, relative to that loss: the directional derivative, a mean over the epochs, as a share of the largest.",
    html`${affinityChart(report, found)}${groupings(report, found)}`,
    "Blue: it helps; orange: it hurts. The matrix need not be symmetric, as losses differ in size. Groups are those for which the affinity that tasks receive within their group is largest: candidates for models of their own.",
  );
}

function confusion(report: TrainingReport): Markup {
  const found = classified(report)
    .filter(({ classes }) => classes.length > 1)
    .slice(0, mostPanels);
  if (found.length === 0) return html``;
  return section(
    "What was taken for what",
    html`${found.slice(0, 4).map((task) => html`${task.name}: ${worstConfusion(task)}. `)}`,
    html`${found.map(confusionChart)}`,
    "A row is what was true, a column what was said of it; a cell holds the share of its row. All on the diagonal is right.",
  );
}

function reliability(report: TrainingReport): Markup {
  const found = classified(report).slice(0, mostPanels);
  if (found.length === 0) return html``;
  return section(
    "Can its probabilities be believed?",
    "Predictions in ten groups by the probability they came with, against how often they were right (of binary tasks: how often the second class was so).",
    html`<div class="panels">${found.map(reliabilityChart)}</div>`,
    "On the dashed line probabilities are honest; below it they are too bold. Larger points are more rows.",
  );
}

function method({ options, rows, command, version, source }: TrainingReport): Markup {
  const { architecture, hidden, filters, balance, batch, rate, seed } = options;
  return html`<section>
<h2>How this was trained</h2>
<p>${source}: ${whole(rows.train)} rows trained, ${whole(rows.validation)} validated, ${whole(rows.test)} tested, drawn at random (seed ${seed}). Architecture ${architecture}, hidden layers ${hidden.join(", ")} (for images after convolutions of ${filters.join(", ")} filters); ${balance === undefined ? "the sum of the tasks’ losses" : `balanced by ${balance}`}; AdamW, learning rate ${rate} falling to 0 along a cosine, ${batch} rows a step. To make this report again:</p>
<pre><code>${command}</code></pre>
</section>
<footer>Made by kinship ${version}, multi-task learning for TypeScript. This page is complete in itself: it loads nothing from elsewhere.</footer>`;
}
