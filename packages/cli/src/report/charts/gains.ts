import * as Plot from "@observablehq/plot";
import type { ReportData, TaskGain, Verdict } from "../data.js";
import type { Markup } from "../html.js";
import { decimal, plural, singular } from "../words.js";
import { colour, picture } from "./canvas.js";

const verdictColour: Readonly<Record<Verdict, string>> = {
  helped: colour.together,
  hurt: colour.alone,
  unclear: colour.neutral,
};

/** Above this, one line a task is a blur: a band says it better. */
const mostWhiskers = 300;
/** Up to this many, each task gets a row with its name. */
const mostNamed = 30;

/** Each task's gain with its interval, from the greatest gain to the greatest loss. */
export function gainChart(data: ReportData): Markup {
  const sorted = [...data.gains.perTask].sort((a, b) => b.gain - a.gain);
  const label = `Gain of each ${singular(data.task)} from learning together, with its interval, sorted`;
  return sorted.length <= mostNamed ? namedRows(sorted, label, data.error.name) : caterpillar(sorted, label, data);
}

function namedRows(sorted: readonly TaskGain[], label: string, error: string): Markup {
  const stroke = ({ verdict }: TaskGain): string => verdictColour[verdict];
  const longest = Math.max(...sorted.map(({ task }) => task.length));
  return picture(label, (size) => ({
    height: 70 + 24 * sorted.length,
    // About seven units a letter; a longer name is cut, and whole in the table.
    marginLeft: 16 + 7 * Math.min(longest, lettersFor[size]),
    marginTop: 10,
    marginBottom: 44,
    x: {
      label: size === "narrow" ? "← hurt · gain · helped →" : `← hurt · gain in ${error} · helped →`,
      labelAnchor: "center",
      labelArrow: "none",
      grid: true,
    },
    y: { domain: sorted.map(({ task }) => task), label: null, tickSize: 0, tickFormat: shorten(lettersFor[size]) },
    marks: [
      Plot.ruleX([0], { stroke: colour.text }),
      Plot.ruleY(sorted, { y: "task", x1: "low", x2: "high", stroke, strokeWidth: 2, strokeOpacity: 0.55 }),
      Plot.dot(sorted, { y: "task", x: "gain", fill: stroke, r: 4, title: describe }),
    ],
  }));
}

const lettersFor = { narrow: 14, wide: 24 } as const;

const shorten =
  (letters: number) =>
  (name: string): string =>
    name.length > letters ? `${name.slice(0, letters - 1)}…` : name;

function caterpillar(sorted: readonly TaskGain[], label: string, { task, error }: ReportData): Markup {
  const tasks = plural(task);
  const ranked = sorted.map((gain, index) => ({ ...gain, rank: index + 1 }));
  const stroke = ({ verdict }: TaskGain): string => verdictColour[verdict];
  const whiskers = ranked.length <= mostWhiskers;
  const domain = readableDomain(ranked);
  return picture(label, (size) => {
    const narrow = size === "narrow";
    return {
      height: narrow ? 300 : 380,
      marginLeft: 44,
      marginBottom: 40,
      x: {
        domain: [-1, ranked.length + 2],
        label: `${tasks}, from most helped to most hurt`,
        labelAnchor: "center",
        ticks: [],
      },
      y: {
        domain,
        clamp: true,
        label: `↑ gain in ${error.name}`,
        labelArrow: "none",
        grid: true,
        ticks: narrow ? 5 : 7,
      },
      marks: [
        whiskers
          ? Plot.ruleX(ranked, {
              ...{ x: "rank", y1: "low", y2: "high", stroke },
              ...{ strokeWidth: Math.min(3, (narrow ? 150 : 360) / ranked.length), strokeOpacity: 0.5 },
            })
          : Plot.areaY(ranked, { x: "rank", y1: "low", y2: "high", fill: colour.neutral, fillOpacity: 0.35 }),
        Plot.ruleY([0], { stroke: colour.text, strokeWidth: 1.2 }),
        Plot.dot(ranked, {
          ...{ x: "rank", y: "gain", fill: stroke, title: describe },
          r: Math.max(1.2, Math.min(3.5, (narrow ? 200 : 420) / ranked.length)),
        }),
        ...[ranked[0]!, ranked.at(-1)!].map((end) =>
          Plot.text([end], {
            ...{ x: "rank", y: "gain", text: "task", fill: colour.text, stroke: colour.paper, strokeWidth: 4 },
            ...(end.rank === 1 ? { textAnchor: "start" as const, dx: 8 } : { textAnchor: "end" as const, dx: -8 }),
          }),
        ),
      ],
    };
  });
}

/** All points, and nearly all intervals whole: a task with three test rows must not press the others flat. */
function readableDomain(gains: readonly TaskGain[]): [number, number] {
  const quantile = (values: readonly number[], share: number): number =>
    [...values].sort((a, b) => a - b)[Math.round(share * (values.length - 1))]!;
  const low = quantile(
    gains.map((gain) => gain.low),
    0.02,
  );
  const high = quantile(
    gains.map((gain) => gain.high),
    0.98,
  );
  return [Math.min(low, gains.at(-1)!.gain), Math.max(high, gains[0]!.gain)];
}

const describe = ({ task, gain, low, high, testRows }: TaskGain): string =>
  `${task}: ${decimal(gain, 3)} (${decimal(low, 3)} to ${decimal(high, 3)}), ${testRows} test rows`;
