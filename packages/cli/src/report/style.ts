/** The whole style sheet of the report: no font, image or script comes from elsewhere. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --paper: #fdfcf9; --card: #f5f2ea; --text: #1f1e1b; --muted: #5d5a52; --rule: #ddd8cb;
  --together: #14609f; --alone: #ad4d0f; --neutral: #8a867b; --good: #14609f; --bad: #ad4d0f;
  --serif: ui-serif, "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171b; --card: #1e2127; --text: #ebe8e1; --muted: #a9a59b; --rule: #363a42;
    --together: #6fb3f2; --alone: #f0a264; --neutral: #7f8089; --good: #6fb3f2; --bad: #f0a264;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--text);
  font: 1rem/1.6 var(--sans); font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
main { max-width: 48rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1, h2 { font-family: var(--serif); font-weight: 600; text-wrap: balance; letter-spacing: -.01em; }
h1 { font-size: clamp(1.75rem, 1.2rem + 2.6vw, 2.7rem); line-height: 1.14; margin: .4rem 0 1rem; }
h2 { font-size: clamp(1.3rem, 1.1rem + 1vw, 1.65rem); line-height: 1.25; margin: 0 0 .4rem; }
p { margin: 0 0 1rem; max-width: 42rem; text-wrap: pretty; }
.kicker { font-size: .8rem; color: var(--muted); letter-spacing: .06em; text-transform: uppercase; margin: 0; }
.lead { font-size: 1.12rem; }
.muted { color: var(--muted); }
section { margin-top: 3.25rem; padding-top: 1.6rem; border-top: 1px solid var(--rule); }
.finding { container-type: inline-size; }
.key { display: inline-block; white-space: nowrap; font-weight: 600; }
.key::before { content: ""; display: inline-block; width: .7em; height: .7em; margin-right: .35em; border-radius: 50%; background: currentColor; }
.together { color: var(--together); } .alone { color: var(--alone); } .neutral { color: var(--muted); }
.key.neutral::before { background: var(--neutral); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1.75rem 0 0; }
.facts div { display: flex; flex-direction: column-reverse; justify-content: flex-end; background: var(--card); border-radius: .6rem; padding: .85rem 1rem; }
.facts dt { font-size: .85rem; color: var(--muted); line-height: 1.35; }
.facts dd { margin: 0; font-family: var(--serif); font-size: 1.75rem; line-height: 1.2; }
figure { margin: 0; }
.picture { container-type: inline-size; margin: 1.1rem 0 .9rem; }
.picture svg { display: block; max-width: 100%; height: auto; overflow: visible; color: var(--muted); font-family: var(--sans); }
.picture svg text { font-variant-numeric: tabular-nums; }
.picture svg.wide { display: none; }
@container (min-width: 600px) {
  .picture svg.wide { display: block; }
  .picture svg.narrow { display: none; }
}
.picture svg.narrow, .picture svg.small { width: 100%; }
.read { margin-top: .9rem; font-size: .92rem; color: var(--muted); }
.read b { color: var(--text); font-weight: 600; }
.panels { display: grid; gap: 1.25rem 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 10.5rem), 1fr)); }
.panels.two { grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }
.panel figcaption, .map figcaption { display: flex; flex-direction: column; font-size: .9rem; line-height: 1.35; margin-bottom: .35rem; }
.panel figcaption span, .map figcaption span { color: var(--muted); font-size: .82rem; }
.maps { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); }
.square { display: grid; grid-template-columns: minmax(0, auto) minmax(0, 1fr); }
.square .names { grid-column: 1; display: grid; grid-auto-rows: 1fr; max-width: 7rem; font-size: .75rem; line-height: 1; color: var(--muted); }
.names span { align-self: center; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding: .1em .5em .1em 0; }
.square .groups, .square img { grid-column: 2; }
.square img { display: block; width: 100%; height: auto; aspect-ratio: 1; image-rendering: pixelated; border: 1px solid var(--rule); }
.square img.grid { aspect-ratio: auto; }
.scale b.zero { width: 1rem; height: .6rem; border-radius: .2rem; background: rgb(128 128 128 / .35); }
.kin { columns: 2 14rem; padding-left: 1.2rem; }
.kin li { break-inside: avoid; margin-bottom: .6rem; }
.groups { display: flex; gap: 2px; font-size: .75rem; color: var(--muted); }
.groups span { border-bottom: 3px solid var(--neutral); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding-bottom: .1rem; margin-bottom: 2px; min-width: 0; }
.scale { display: flex; align-items: center; gap: .5rem; font-size: .78rem; color: var(--muted); margin-top: .5rem; }
.scale i { flex: 1; height: .6rem; border-radius: .3rem; background: linear-gradient(90deg, rgb(214 106 32), transparent 50%, rgb(38 121 201)); }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: right; padding: .5rem .6rem; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead tr + tr th:first-child { text-align: right; padding-left: .6rem; }
thead th[colspan] { text-align: center; border-bottom: 0; padding-bottom: 0; }
thead th { font-weight: 500; font-size: .82rem; color: var(--muted); vertical-align: bottom; white-space: normal; line-height: 1.3; }
tbody th { font-weight: 600; }
tbody th small { display: block; font-weight: 400; color: var(--muted); }
tr.above > * { border-bottom: 0; padding-bottom: 0; }
tr.beside td { white-space: normal; padding-top: .1rem; font-size: .85rem; color: var(--muted); }
tr.best td:first-of-type { font-weight: 700; }
details { margin-top: 1.25rem; }
summary { cursor: pointer; font-weight: 600; padding: .4rem 0; }
details .scroll { max-height: 32rem; overflow-y: auto; }
details thead th { position: sticky; top: 0; background: var(--paper); }
code { font: .86em ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: var(--card); padding: .12em .35em; border-radius: .3em; }
pre { white-space: pre-wrap; background: var(--card); border-radius: .6rem; padding: .8rem 1rem; overflow-x: auto; }
pre code { background: none; padding: 0; }
footer { margin-top: 3rem; padding-top: 1.25rem; border-top: 1px solid var(--rule); font-size: .85rem; color: var(--muted); }
@media (max-width: 34rem) {
  main { padding-top: 1.5rem; }
  table { font-size: .84rem; }
  thead th { font-size: .74rem; }
  th, td { padding: .4rem .3rem; }
  .panels:not(.two) { grid-template-columns: 1fr 1fr; gap: 1rem .75rem; }
}
@media print { section { break-inside: avoid; } details { display: none; } }
`;
