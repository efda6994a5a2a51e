import { expect, test } from "vitest";
import { parseOptions } from "../src/options.js";

const known = ["one", "two words"];

test("lists are split at commas, and --node may be repeated", () => {
  const options = parseOptions(
    ["--quick", "--only", "product 64, sum", "--peers", "two words", "--node", "a/node", "--node", "b/node"],
    known,
  );
  expect(options).toMatchObject({
    quick: true,
    json: false,
    only: ["product 64", "sum"],
    peers: ["two words"],
    nodes: ["a/node", "b/node"],
    python: "python3",
  });
});

test("an unknown peer or option is an error that names what there is", () => {
  expect(() => parseOptions(["--peers", "three"], known)).toThrow(
    "--peers: no peer called three; there are one, two words",
  );
  expect(() => parseOptions(["--fast"], known)).toThrow("--fast");
});
