import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kernels } from "../browser/src/kernels/index.js";
import type { Results } from "../browser/src/results.js";

const root = fileURLToPath(new URL("../browser", import.meta.url));
const executablePath = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/google-chrome"].find(
  (path) => path !== undefined && existsSync(path),
);

const quiet = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const softwareGpu = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--ignore-gpu-blocklist",
];

describe.runIf(executablePath)("the benchmark page", () => {
  const built = mkdtempSync(join(tmpdir(), "kinship-page-"));
  let server: PreviewServer;
  let address: string;
  const opened: Browser[] = [];
  const errors: string[] = [];

  beforeAll(async () => {
    await build({ root, build: { outDir: built, emptyOutDir: true } });
    server = await preview({ root, build: { outDir: built }, preview: { port: 0 } });
    address = server.resolvedUrls!.local[0];
  }, 240_000);

  afterAll(async () => {
    for (const browser of opened) await browser.close();
    await server?.close();
    rmSync(built, { recursive: true });
  }, 60_000);

  async function openPage(args: readonly string[], viewport?: { width: number; height: number }): Promise<Page> {
    const browser = await chromium.launch({
      executablePath: executablePath!,
      headless: true,
      args: [...quiet, ...args],
    });
    opened.push(browser);
    const page = await browser.newPage(viewport ? { viewport } : {});
    // Machines may be busy: slowness is not a failure.
    page.setDefaultTimeout(120_000);
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(address);
    await page.getByText("Ready.").waitFor({ timeout: 120_000 });
    return page;
  }

  /** Ticks these and no others. */
  async function choose(page: Page, group: "#kernels" | "#backends", names: readonly string[]): Promise<void> {
    for (const box of await page.locator(`${group} input:enabled`).all())
      await box.setChecked(names.includes((await box.getAttribute("name"))!));
  }

  async function runToEnd(page: Page): Promise<Results> {
    await page.locator("#seconds").selectOption("0.2");
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText("Done.").waitFor({ timeout: 240_000 });
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download as JSON" }).click();
    return JSON.parse(readFileSync(await (await waiting).path(), "utf8")) as Results;
  }

  const smallest = kernels.map(({ name, sizes }) => `${name} ${sizes[0].name}`);
  const devices = ["WebGL2", "WebGPU"];

  test("verifies and times every kernel on every backend, and gives what it shows as JSON", async () => {
    const page = await openPage(softwareGpu);
    await choose(page, "#kernels", smallest);
    const threaded = page.locator('#backends input[name="WebAssembly with threads"]');
    expect(await threaded.isEnabled()).toBe(await page.evaluate(() => navigator.hardwareConcurrency > 1));
    const more = (await threaded.isEnabled()) ? ["WebAssembly with threads"] : [];
    const backends = ["JavaScript", "WebAssembly", ...more, ...devices, "tfjs webgl"];
    await choose(page, "#backends", backends);
    const results = await runToEnd(page);
    expect(results.rows.map(({ kernel, size, backend }) => `${kernel} ${size}, ${backend}`)).toEqual(
      smallest.flatMap((name) => backends.map((backend) => `${name}, ${backend}`)),
    );
    for (const { backend, error, outcome, kernel } of results.rows) {
      // The peers are installed by whoever benchmarks.
      if (backend.startsWith("tfjs") && outcome.state === "missing") {
        expect(outcome.reason).toContain("tfjs cannot be loaded");
        continue;
      }
      expect(outcome, `${kernel} on ${backend}`).toMatchObject({ state: "measured" });
      expect(error).toBeLessThan(1e-3);
      if (outcome.state !== "measured") continue;
      const { median, lowerQuartile, upperQuartile, samples } = outcome.milliseconds;
      expect(lowerQuartile).toBeGreaterThan(0);
      expect(median).toBeGreaterThanOrEqual(lowerQuartile);
      expect(upperQuartile).toBeGreaterThanOrEqual(median);
      expect(samples).toBeGreaterThanOrEqual(6);
    }
    expect(results.machine.crossOriginIsolated).toBe(true);
    expect(Number.isNaN(Date.parse(results.date))).toBe(false);
    expect(await page.locator("#results tbody tr").count()).toBe(results.rows.length);
    expect(await page.locator("#chart circle").count()).toBe(
      results.rows.filter(({ outcome }) => outcome.state === "measured").length,
    );
    expect(errors).toEqual([]);
  }, 400_000);

  test("says why a backend is missing, copies as JSON, stops, and fits a phone", async () => {
    const page = await openPage(["--disable-gpu", "--disable-3d-apis"], { width: 360, height: 740 });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    for (const name of devices) {
      const box = page.locator(`#backends input[name="${name}"]`);
      expect(await box.isDisabled()).toBe(true);
      expect(await box.locator("..").locator("small").textContent()).toMatch(/WebG/);
    }
    await choose(page, "#kernels", [smallest[1]]);
    await choose(page, "#backends", ["JavaScript", "WebAssembly"]);
    const results = await runToEnd(page);
    expect(results.rows.map(({ outcome }) => outcome.state)).toEqual(["measured", "measured"]);
    await page.getByRole("button", { name: "Copy as JSON" }).click();
    await page.getByText("Copied.").waitFor();
    expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toEqual(results);
    const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(widths[0]).toBeLessThanOrEqual(widths[1]);
    await page.locator("#seconds").selectOption("5");
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped.").waitFor();
    expect(errors).toEqual([]);
  }, 200_000);
});
