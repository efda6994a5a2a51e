import type { Tensor } from "@kinship/tensor";
import type { Measures } from "../objective/kind.js";
import { calibration } from "./calibration.js";

/** Labels that are not a number are missing, and left out of every measure here. */
const known = (labels: ArrayLike<number>): number[] =>
  Array.from({ length: labels.length }, (_, k) => k).filter((k) => !Number.isNaN(labels[k]));

const share = (rows: readonly number[], holds: (row: number) => boolean): number =>
  rows.length === 0 ? Number.NaN : rows.filter(holds).length / rows.length;

export const accuracy = (predicted: ArrayLike<number>, labels: ArrayLike<number>): number =>
  share(known(labels), (k) => predicted[k] === labels[k]);

/** Counts of rows, [actual][predicted]. */
export function confusionMatrix(predicted: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const k of known(labels)) counts[labels[k]!]![predicted[k]!]!++;
  return counts;
}

/** 2·TP / (2·TP + FP + FN) of each class; NaN for a class that neither occurs nor is predicted. */
export function f1Scores(confusion: readonly (readonly number[])[]): number[] {
  return confusion.map((row, c) => {
    const hits = row[c]!;
    const actual = row.reduce((a, b) => a + b, 0);
    const predicted = confusion.reduce((total, other) => total + other[c]!, 0);
    return actual + predicted === 0 ? Number.NaN : (2 * hits) / (actual + predicted);
  });
}

/** The mean over classes that occur or are predicted. */
export function macroF1(confusion: readonly (readonly number[])[]): number {
  const scores = f1Scores(confusion).filter((score) => !Number.isNaN(score));
  return scores.reduce((a, b) => a + b, 0) / scores.length;
}

/**
 * The area under the receiver's operating characteristic: how often a positive row scores above a negative one, ties
 * counting half (Hanley & McNeil, 1982). NaN where one of the two is missing.
 */
export function areaUnderCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const rows = known(labels).sort((a, b) => scores[a]! - scores[b]!);
  let rankSum = 0;
  let positives = 0;
  for (let first = 0; first < rows.length; ) {
    let end = first;
    while (end < rows.length && scores[rows[end]!] === scores[rows[first]!]) end++;
    const rank = (first + 1 + end) / 2;
    for (; first < end; first++) {
      if (labels[rows[first]!] !== 1) continue;
      rankSum += rank;
      positives++;
    }
  }
  const negatives = rows.length - positives;
  return positives === 0 || negatives === 0
    ? Number.NaN
    : (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Probabilities are kept this far from 0 and 1, so that one confident mistake does not make the mean infinite. */
export const smallestProbability = 1e-15;

/** The mean of −log of the probability given to what happened; `probabilities` is [rows, classes] row by row. */
export function logLoss(probabilities: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number {
  const rows = known(labels);
  const total = rows.reduce(
    (sum, k) => sum - Math.log(Math.max(probabilities[k * classes + labels[k]!]!, smallestProbability)),
    0,
  );
  return total / rows.length;
}

/** Of probabilities of the positive class. */
export function binaryMeasures(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Measures {
  const positive = Array.from(probabilities);
  const predicted = positive.map((p) => (p > 0.5 ? 1 : 0));
  return {
    accuracy: accuracy(predicted, labels),
    f1: f1Scores(confusionMatrix(predicted, labels, 2))[1]!,
    auc: areaUnderCurve(positive, labels),
    logLoss: logLoss(
      positive.flatMap((p) => [1 - p, p]),
      labels,
      2,
    ),
    calibrationError: calibration(positive, labels).error,
  };
}

/** Of probabilities [rows, classes]. */
export function multiclassMeasures(probabilities: Tensor, labels: ArrayLike<number>): Measures {
  const classes = probabilities.shape[1]!;
  const flat = probabilities.toTypedArray();
  const predicted = mostLikely(flat, classes);
  const confidence = Array.from(predicted, (c, row) => flat[row * classes + c]!);
  const right = Array.from(predicted, (c, row) => (Number.isNaN(labels[row]) ? Number.NaN : Number(c === labels[row])));
  return {
    accuracy: accuracy(predicted, labels),
    f1: macroF1(confusionMatrix(predicted, labels, classes)),
    logLoss: logLoss(flat, labels, classes),
    calibrationError: calibration(confidence, right).error,
  };
}

/** The class of the largest of each row's probabilities, the first of equal ones. */
export function mostLikely(probabilities: ArrayLike<number>, classes: number): Int32Array {
  const out = new Int32Array(probabilities.length / classes);
  for (let row = 0; row < out.length; row++)
    for (let c = 1; c < classes; c++)
      if (probabilities[row * classes + c]! > probabilities[row * classes + out[row]!]!) out[row] = c;
  return out;
}
