// The process of a fake peer: the harness's own server, with libraries that misbehave.
import { Lacking } from "../../dist/harness/family.js";
import { serve } from "../../dist/harness/serve.js";
import { doubling } from "./rows.js";

const forever = () => {
  for (;;);
};

const libraries = {
  right: async () => (value) => 2 * value,
  ours: async () => (value) => 2 * value,
  wrong: async () => (value) => 2 * value + (value === 2 ? 1 : 0),
  infinite: async () => () => Number.NaN,
  throwing: async () => () => {
    throw new Error("cannot double");
  },
  crashing: async () => (value, size) => (size === 3 ? process.kill(process.pid, "SIGKILL") : 2 * value),
  exiting: async () => () => process.exit(3),
  hanging: async () => (value, size) => (size === 3 ? forever() : 2 * value),
  lacking: async () => Lacking,
  missing: () => import("a-package-that-nobody-installed"),
};

const name = process.argv[2];
const library = { idle: "nothing", lacking: "lacking" }[name] ?? "fake";
serve({ name, origin: "script", library, packages: [], load: libraries[name] ?? libraries.right }, [doubling]);
