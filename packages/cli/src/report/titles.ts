import { lowerEnvelope } from "./charts/path.js";
import { countZeros } from "./charts/sparsity.js";
import type { RankedMethod, ReportData, TaskGroups } from "./data.js";
import { tally } from "./headline.js";
import { count, decimal, mean, percent, plural, singular, spread, whole } from "./words.js";

/** Titles say what is seen, so each is worked out from the data. */
export function gainTitle(data: ReportData): string {
  const { helped, hurt, unclear } = tally(data);
  if (helped + hurt === 0) return `No ${singular(data.task)} was clearly helped or hurt`;
  const others = unclear > 0 ? `; for ${whole(unclear)} it may be chance` : "";
  if (hurt === 0) return `${count(helped, data.task)} clearly gained, none clearly lost${others}`;
  if (helped === 0) return `${count(hurt, data.task)} clearly lost, none clearly gained${others}`;
  return `${count(helped, data.task)} clearly gained, ${whole(hurt)} clearly lost${others}`;
}

export function shrinkageTitle(data: ReportData): string {
  const tasks = plural(data.task);
  const slopes = data.coefficients.slice(1);
  // A ridge alone can only pull towards zero: where a common slope shows that, it is the greater part of the story.
  const common = slopes.filter(({ multi }) => Math.abs(mean(multi)) > 2 * spread(multi));
  const kept = median(common.map(({ single, multi }) => mean(single) / mean(multi)));
  if (kept < 0.75) return "Alone, slopes are drawn to zero; together, to those of their kin";
  const ratio = median(slopes.map(({ single, multi }) => spread(multi) / spread(single)));
  if (!Number.isFinite(ratio)) return `What each of the ${tasks} learned, alone and together`;
  if (ratio > 0.9) return `Together, the ${tasks} keep slopes about as different as alone`;
  return `Together, slopes differ between ${tasks} ${ratio < 0.1 ? "hardly at all" : `${percent(1 - ratio, 0)} less than alone`}`;
}

export function pathTitle(data: ReportData): string {
  const { lambda, points } = data.path.multi;
  const lambdas = lowerEnvelope(points).map((point) => point.lambda);
  const edge = lambda === lambdas[0] ? "weakest" : lambda === lambdas.at(-1) ? "strongest" : undefined;
  return edge === undefined
    ? `The error is least at λ = ${decimal(lambda, 3)}, between too loose and too tight`
    : `The error is least at λ = ${decimal(lambda, 3)}, the ${edge} penalty that was tried`;
}

export function heatTitle({ related: { assumed, learned } }: ReportData): string {
  if (assumed === null) return "Who is kin to whom, as the fit found it";
  return learned
    ? "Who is kin to whom: what K was learned, how the fits came out"
    : "Who is kin to whom: what was assumed, what was found";
}

export function rankingTitle(ranking: readonly RankedMethod[]): string {
  const [first, second] = ranking as readonly [RankedMethod, RankedMethod];
  const near = second.validation - first.validation < first.standardError ? ", within the noise of the next" : "";
  return first.kind === "baseline"
    ? `Of ${ranking.length} ways to learn, a baseline does best: ${first.title}${near}`
    : `Of ${ranking.length} ways to learn, ${first.title} does best${near}`;
}

export function sparsityTitle({ sparsity }: ReportData): string {
  const { used, zeros } = countZeros(sparsity);
  const all = sparsity.rows.length;
  if (zeros === 0) return `All ${whole(all)} features are used everywhere`;
  const share = used === all ? `All ${whole(all)}` : `${whole(used)} of ${whole(all)}`;
  return `${share} features are used; ${percent(zeros, 0)} of the weights are zero`;
}

export function groupsTitle({ alike, silhouette }: TaskGroups, task: string): string {
  const strength = silhouette > 0.5 ? "clearly" : silhouette > 0.25 ? "loosely" : "hardly";
  return `The ${plural(task)} fall ${strength} into ${whole(alike.length)} groups`;
}

export function accuracyTitle(data: ReportData): string {
  const multi = data.methods[2];
  if (data.predictions.kind === "probabilities") {
    const { error } = data.predictions.multi;
    return `Predicted probabilities are off by ${percent(error)} on average`;
  }
  const share = multi.measures.find(({ name }) => name === "explained global" || name === "deviance explained")?.value;
  if (share === undefined) return `What was predicted, and what came`;
  return share > 0
    ? `Together, ${percent(share, 0)} of the variation in ${data.target} is predicted`
    : `The variation in ${data.target} is not predicted from these features`;
}

/** NaN of nothing. */
function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
