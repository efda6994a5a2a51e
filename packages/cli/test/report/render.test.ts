import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { renderReport } from "../../src/report/render.js";
import { sampleReport } from "./sample.js";

/** The page without its pixels, whose letters mean nothing. */
const written = (page: string): string => page.replace(/data:image\/png;base64,[A-Za-z0-9+/=]+/g, "");

const report = renderReport(sampleReport());
const { document } = parseHTML(report);

describe("the report", () => {
  test("is complete in itself", () => {
    const text = written(report);
    expect(text).not.toMatch(/https?:|\/\/[a-z]/i);
    expect(text).not.toMatch(/<script|<link|@import|<iframe|javascript:/i);
    for (const image of document.querySelectorAll("img"))
      expect(image.getAttribute("src")).toMatch(/^data:image\/png;base64,/);
    for (const [, target] of report.matchAll(/url\(([^)]*)\)/g)) expect(target).toMatch(/^#/);
  });

  test("tells its story in order, each picture with a way to read it", () => {
    expect([...document.querySelectorAll("h1, h2")].map((title) => title.textContent)).toEqual([
      "Learned together, 160 schools are predicted with 9.2% less error than each alone",
      "Three ways to learn, one test",
      expect.stringMatching(/^\d+ schools clearly gained, \d+ clearly lost; for \d+ it may be chance$/),
      "Together, slopes differ between schools 70% less than alone",
      "The error is least at λ = 3.16, between too loose and too tight",
      "How the weights shrink as the penalty grows",
      "All 3 features are used; 20% of the weights are zero",
      "Who is kin to whom: what was assumed, what was found",
      "The schools fall loosely into 2 groups",
      "Together, 21% of the variation in math is predicted",
      "How this was measured",
    ]);
    const pictures = [...document.querySelectorAll(".picture")];
    expect(pictures).toHaveLength(7);
    for (const picture of pictures) expect(picture.nextElementSibling?.textContent).toMatch(/^How to read it\./);
  });

  test("has every picture in words, and one for each width where lettering matters", () => {
    const drawings = [...document.querySelectorAll("svg")];
    for (const drawing of drawings) {
      expect(drawing.getAttribute("role")).toBe("img");
      expect(drawing.getAttribute("aria-label")?.length).toBeGreaterThan(10);
    }
    const size = (name: string): number => document.querySelectorAll(`svg.${name}`).length;
    expect([size("narrow"), size("wide"), size("small")]).toEqual([3, 3, 6]);
    for (const image of document.querySelectorAll("img"))
      expect(image.getAttribute("alt")).toMatch(/(160|3 features) by 160 schools/);
  });

  test("shows each task once as a point and once as a row", () => {
    const dots = document.querySelector("svg.wide")!.querySelectorAll("circle");
    expect(dots).toHaveLength(160);
    expect(document.querySelectorAll("details tbody tr")).toHaveLength(160);
  });

  test("draws nothing that is not a number", () => {
    expect(written(report)).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  test("takes its colours from the scheme of the reader", () => {
    expect(report).toContain("prefers-color-scheme: dark");
    for (const drawing of document.querySelectorAll("svg")) {
      const colours = [...drawing.outerHTML.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, colour]) => colour!);
      for (const colour of colours) expect(colour).toMatch(/^(var\(--[a-z]+\)|none|currentColor)$/);
    }
  });

  test("is the same for the same data", () => {
    expect(renderReport(sampleReport())).toBe(report);
  });

  test("is well formed: every element that opens closes, in order", () => {
    const empty = new Set(["meta", "img", "br", "!doctype"]);
    const open: string[] = [];
    const body = report.replace(/<style>[\s\S]*?<\/style>/, "");
    for (const [tag, slash, name, , self] of body.matchAll(/<(\/?)([a-zA-Z!][\w-]*)((?:"[^"]*"|[^">])*?)(\/?)>/g)) {
      if (empty.has(name!.toLowerCase()) || self === "/") continue;
      if (slash === "") open.push(name!);
      else expect(open.pop(), tag).toBe(name);
    }
    expect(open).toEqual([]);
  });
});

test.each([2, 8, 31, 500])("%i tasks make a report", (tasks) => {
  const page = renderReport(sampleReport(tasks));
  expect(written(page)).not.toMatch(/NaN|Infinity|undefined/);
  expect(parseHTML(page).document.querySelectorAll("details tbody tr")).toHaveLength(tasks);
});

test("names from a file are text, never markup", () => {
  const hostile = `<img src=x onerror="alert('1')">&`;
  const sample = sampleReport(8);
  const perTask = sample.gains.perTask.map((gain) => ({ ...gain, task: `${hostile}${gain.task}`, group: hostile }));
  const page = renderReport({
    ...sample,
    ...{ task: hostile, target: hostile, source: hostile, features: [hostile], command: hostile, kinship: hostile },
    gains: { ...sample.gains, perTask },
    related: { ...sample.related, names: perTask.map(({ task }) => task), groups: perTask.map(({ group }) => group) },
    coefficients: sample.coefficients.map((coefficient) => ({ ...coefficient, name: hostile })),
  });
  const { document } = parseHTML(page);
  expect([...document.querySelectorAll("img")].every((image) => image.getAttribute("onerror") === null)).toBe(true);
  expect(page).not.toContain("<img src=x");
});

describe("the headline says what was found, whichever way it went", () => {
  const titleOf = (multi: number, verdict: "helped" | "hurt" | "unclear"): string => {
    const sample = sampleReport(8);
    const [single, pooled, together] = sample.methods;
    const page = renderReport({
      ...sample,
      methods: [single, pooled, { ...together, error: multi }],
      gains: { ...sample.gains, overall: { ...sample.gains.overall, verdict } },
    });
    return parseHTML(page).document.querySelector("header")!.textContent!;
  };
  test("a loss", () => {
    expect(titleOf(45.8, "hurt")).toMatch(
      /Learned together, 8 schools are predicted with 10% more error than each alone/,
    );
    expect(titleOf(45.8, "hurt")).toMatch(/Ignoring the schools altogether does better here/);
  });
  test("no clear difference", () => {
    expect(titleOf(41.6, "unclear")).toMatch(/Learning 8 schools together made no clear difference/);
  });
  test("a gain that pooling has too", () => {
    expect(titleOf(39.4, "helped")).toMatch(/Ignoring the schools altogether does as well here/);
  });
});
