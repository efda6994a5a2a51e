import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, test } from "vitest";
import { type Finished, kinship, temporaryFolder } from "../support.js";

const data = (name: string): string => fileURLToPath(new URL(`../../../../examples/data/hsb/${name}`, import.meta.url));
const folder = temporaryFolder();

/** What `npm start` shows: 160 schools, each tied to its sector. */
describe("High School & Beyond, from end to end", () => {
  let finished: Finished;
  let page: Document;
  beforeAll(async () => {
    finished = await kinship([
      ...["fit", data("students.csv"), "--task", "school", "--target", "math", "--out", folder.path],
      ...["--tasks", data("schools.csv"), "--parent", "sector"],
    ]);
    page = parseHTML(readFileSync(join(folder.path, "report.html"), "utf8")).document as unknown as Document;
  });

  const errorOf = (method: string): number =>
    Number(new RegExp(`^ ${method} +([\\d.]+)`, "m").exec(finished.output)?.[1]);

  test("learning together beats each alone and one for all, as in the published analyses of these schools", () => {
    expect(finished).toMatchObject({ code: 0, error: "" });
    expect(errorOf("multi-task")).toBeLessThan(errorOf("pooled"));
    expect(errorOf("pooled")).toBeLessThan(errorOf("single-task"));
  });

  test("the headline says what the table says", () => {
    const less = Math.round(100 * (1 - errorOf("multi-task") / errorOf("single-task")));
    expect(page.querySelector("h1")!.textContent).toBe(
      `Learned together, 160 schools are predicted with ${less}% less error than each alone`,
    );
    const cells = [...page.querySelectorAll("section table")][0]!.querySelectorAll("td:first-of-type");
    expect([...cells].map((cell) => Number(cell.textContent))).toEqual(
      ["single-task", "pooled", "multi-task"].map(errorOf),
    );
  });

  test("the map groups the schools by sector, and every school has its row", () => {
    expect([...page.querySelectorAll(".groups span")].map((bar) => bar.textContent).sort()).toEqual([
      ...["catholic", "catholic", "public", "public"],
    ]);
    expect(page.querySelectorAll("details tbody tr")).toHaveLength(160);
  });

  test("the model predicts every student of the file", async () => {
    const { code, output, error } = await kinship(["predict", join(folder.path, "model.json"), data("students.csv")]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    const lines = output.trim().split("\n");
    expect(lines[0]).toBe("school,minority,female,ses,math,predicted_math");
    expect(lines).toHaveLength(7186);
    expect(lines.slice(1).every((line) => Number.isFinite(Number(line.split(",")[5])))).toBe(true);
  });
});
