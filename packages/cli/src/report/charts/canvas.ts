import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { escapeText, Markup } from "../html.js";

/** Drawn twice: lettering cannot shrink with the screen and stay readable. The style sheet shows the one that fits. */
export const widths = { narrow: 340, wide: 720 } as const;
export type Size = keyof typeof widths;

/** Colours by role; the style sheet gives them a value for light and for dark. */
export const colour = {
  together: "var(--together)",
  alone: "var(--alone)",
  neutral: "var(--neutral)",
  text: "var(--text)",
  muted: "var(--muted)",
  rule: "var(--rule)",
  paper: "var(--paper)",
} as const;

/** One picture in both sizes; `label` says to those who do not see it what it shows. */
export function picture(label: string, options: (size: Size) => Plot.PlotOptions): Markup {
  const drawn = (["narrow", "wide"] as const).map((size) =>
    draw(label, { width: widths[size], ...options(size) }, size),
  );
  return new Markup(drawn.join(""));
}

/** One picture of a fixed size, for rows of small multiples. */
export const smallPicture = (label: string, options: Plot.PlotOptions): Markup =>
  new Markup(draw(label, options, "small"));

function draw(label: string, options: Plot.PlotOptions, className: string): string {
  // A stand-in for a browser's document: Plot only makes elements with it.
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({
    document: document as unknown as Document,
    style: { fontSize: "12px", background: "none" },
    ...options,
  });
  svg.classList.add(className);
  for (const style of [...svg.querySelectorAll("style")]) style.remove();
  // Written by ourselves: the stand-in leaves < and & in attributes as they are.
  return svg.outerHTML.replace("<svg", `<svg role="img" aria-label="${escapeText(label)}"`);
}
