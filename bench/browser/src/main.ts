import { deviceNames } from "./backends/availability.js";
import { backends } from "./backends/index.js";
import { kernels } from "./kernels/index.js";
import { measure } from "./measure.js";
import { type Machine, printed, type Results, type Row } from "./results.js";
import { drawChart } from "./view/chart.js";
import { backendChoice, kernelChoice } from "./view/choice.js";
import { fillTable } from "./view/table.js";

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

const status = element("status");
const [run, stop] = [element<HTMLButtonElement>("run"), element<HTMLButtonElement>("stop")];
const [copy, download] = [element<HTMLButtonElement>("copy"), element<HTMLButtonElement>("download")];

function showMachine({ browser, cores, crossOriginIsolated, devices }: Machine): void {
  const entries = {
    Browser: browser,
    Cores: `${cores}`,
    "Shared memory": crossOriginIsolated ? "yes" : "no: the page is not isolated",
    ...devices,
  };
  element("machine").replaceChildren(
    ...Object.entries(entries).flatMap(([name, value]) => {
      const [term, description] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = name;
      description.textContent = value;
      return [term, description];
    }),
  );
}

/** Rows by what they are of, in the order in which they were first seen. */
class Shown {
  readonly #rows = new Map<string, Row>();
  #drawing = false;

  readonly report = (row: Row): void => {
    this.#rows.set(`${row.kernel} ${row.size} ${row.backend}`, row);
    if (this.#drawing) return;
    this.#drawing = true;
    setTimeout(() => this.draw());
  };

  get rows(): readonly Row[] {
    return [...this.#rows.values()];
  }

  draw(): void {
    this.#drawing = false;
    fillTable(element("results"), this.rows);
    drawChart(element("chart"), this.rows);
  }
}

const machine: Machine = {
  browser: navigator.userAgent,
  cores: navigator.hardwareConcurrency,
  crossOriginIsolated,
  devices: await deviceNames(),
};
showMachine(machine);
const chosenJobs = kernelChoice(element("kernels"), kernels);
const chosenBackends = await backendChoice(element("backends"), backends);
let results: Results | undefined;
let stopping = new AbortController();

async function start(): Promise<void> {
  const seconds = Number(element<HTMLSelectElement>("seconds").value);
  const [jobs, chosen] = [chosenJobs(), chosenBackends()];
  if (jobs.length === 0 || chosen.length === 0) {
    status.textContent = "Choose a kernel and a backend.";
    return;
  }
  stopping = new AbortController();
  const shown = new Shown();
  for (const button of [run, copy, download]) button.disabled = true;
  stop.disabled = false;
  const date = new Date().toISOString();
  status.textContent = "Running…";
  try {
    await measure({ jobs, backends: chosen, seconds, signal: stopping.signal, report: shown.report });
    status.textContent = stopping.signal.aborted ? "Stopped." : "Done.";
  } catch (error) {
    status.textContent = `It failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  shown.draw();
  results = { date, machine, secondsForEach: seconds, rows: shown.rows };
  for (const button of [run, copy, download]) button.disabled = false;
  stop.disabled = true;
}

element("choice").addEventListener("submit", (event) => {
  event.preventDefault();
  void start();
});
stop.addEventListener("click", () => stopping.abort());
copy.addEventListener("click", async () => {
  // Only secure pages have a clipboard.
  await navigator.clipboard?.writeText(printed(results!)).catch(() => {});
  status.textContent = navigator.clipboard ? "Copied." : "This page has no clipboard: download instead.";
});
download.addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([printed(results!)], { type: "application/json" }));
  link.download = `kinship-${results!.date.slice(0, 10)}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
});
status.textContent = "Ready.";
