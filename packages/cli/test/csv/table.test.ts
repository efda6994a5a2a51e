import { describe, expect, test } from "vitest";
import { type CsvTable, readTable, type WantedColumns } from "../../src/csv/table.js";
import { temporaryFolder } from "../support.js";

const folder = temporaryFolder();
const askedBy = { task: "--task", target: "--target", features: "--features" };

const read = (text: string, wanted: Partial<WantedColumns> = {}): Promise<CsvTable> =>
  readTable(folder.file("data.csv", text), { task: "shop", target: "sales", askedBy, ...wanted });

describe("a table of examples", () => {
  test("takes tasks as texts, the target as numbers, and features as what their cells are", async () => {
    const { table, numeric, categorical, lines } = await read("shop,area,kind,sales\n01,2,a,5\n01,,b,6\n2,3,a,7\n");
    expect(table.columns).toEqual([
      { name: "shop", values: ["01", "01", "2"] },
      { name: "sales", values: [5, 6, 7] },
      { name: "area", values: [2, null, 3] },
      { name: "kind", values: ["a", "b", "a"] },
    ]);
    expect([numeric, categorical, lines]).toEqual([["area"], ["kind"], [2, 3, 4]]);
  });

  test("takes the chosen features only, whatever the others hold", async () => {
    const { table } = await read("shop,area,note,sales\na,2,x,5\nb,3,7,6\n", { features: [{ name: "area" }] });
    expect(table.columns.map(({ name }) => name)).toEqual(["shop", "sales", "area"]);
  });

  test("reads a feature of a known kind as that kind", async () => {
    const features = [{ name: "size", kind: "categorical" } as const];
    const path = folder.file("sizes.csv", "shop,size\na,1\nb,2\n");
    const { table, categorical } = await readTable(path, { task: "shop", features, askedBy });
    expect(table.columns[1]).toEqual({ name: "size", values: ["1", "2"] });
    expect(categorical).toEqual(["size"]);
  });

  test.each([
    [
      "a missing task column",
      "store,x,sales\na,1,2\n",
      /no column "shop", asked for by --task; its columns are: store, x, sales/,
    ],
    ["a name in other letters", "Shop,x,sales\na,1,2\n", /did you mean "Shop"\?/],
    ["a missing target column", "shop,x\na,1\n", /no column "sales", asked for by --target/],
    ["no feature", "shop,sales\na,1\n", /has no feature/],
    [
      "a target that is not a number",
      "shop,x,sales\na,1,2\nb,3,many\n",
      /line 3 \(shop b, row 2\), column "sales": "many" is not a number/,
    ],
    ["an empty target", "shop,x,sales\na,1,2\nb,3,\n", /line 3 \(shop b, row 2\), column "sales": it is empty/],
    ["a target that is NaN", "shop,x,sales\na,1,NaN\n", /line 2 \(shop a, row 1\), column "sales": it is NaN/],
    ["an infinite target", "shop,x,sales\na,1,inf\n", /line 2 \(shop a, row 1\), column "sales": it is infinite/],
    ["a feature that is NaN", "shop,x,sales\na,nan,1\n", /line 2 \(shop a, row 1\), column "x": it is NaN/],
    [
      "an infinite feature",
      "shop,x,sales\na,1,1\nb,-Infinity,1\n",
      /line 3 \(shop b, row 2\), column "x": it is infinite/,
    ],
    ["a row without a task", "shop,x,sales\n ,1,2\n", /line 2 .* column "shop": the task has no name/],
    [
      "one text among numbers",
      "shop,x,sales\na,1,1\na,2,1\nb,o,1\n",
      /line 4 \(shop b, row 3\), column "x": "o" does not fit, 2 other rows hold numbers/,
    ],
    [
      "one number among texts",
      "shop,x,sales\na,p,1\na,1,1\nb,q,1\n",
      /line 3 \(shop a, row 2\), column "x": "1" does not fit, 2 other rows hold texts/,
    ],
    ["a constant feature", "shop,x,z,sales\na,1,2,1\nb,1,3,2\n", /column "x" is constant \(1 in every row\)/],
    ["an empty feature", "shop,x,sales\na,,1\nb,NA,2\n", /column "x" is empty in every row/],
    [
      "a column of names",
      `shop,x,sales\n${Array.from({ length: 40 }, (_, row) => `a,name ${row},1`).join("\n")}`,
      /column "x" holds 40 different texts: it names rows/,
    ],
  ])("refuses %s and names the place", async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
    await expect(read(text)).rejects.toThrow(/data\.csv/);
  });
});
