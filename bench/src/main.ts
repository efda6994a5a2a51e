import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Settings } from "./harness/calls.js";
import type { AnyPeer } from "./harness/peer.js";
import type { Results } from "./harness/results.js";
import { type Options, parseOptions, USAGE } from "./options.js";
import { peers } from "./peers/index.js";
import { report } from "./report/table.js";
import { families, limitFamilies } from "./rows/index.js";
import { runSession } from "./session.js";

const FULL: Settings = { rounds: 5, milliseconds: 300, timeOut: 60_000 };
const QUICK: Settings = { rounds: 3, milliseconds: 25, timeOut: 10_000 };

const folder = path.resolve(import.meta.dirname, "..");

function chosenPeers(options: Options): AnyPeer[] {
  return peers.filter((peer) => {
    if (peer.origin === "ours" || peer.origin === "machine" || peer.origin === "threads") return true;
    if (options.peers.length > 0) return options.peers.includes(peer.name);
    return !(options.quick && "slow" in peer && peer.slow !== undefined);
  });
}

const json = (results: Results): string => `${JSON.stringify(results, null, 1)}\n`;

/** Into the file of the day and the versions: whole or not at all, since a run may be killed at any moment. */
async function keep(results: Results): Promise<void> {
  const versions = [...new Set(results.rows.map(({ node }) => node.split(".")[0]))].join("-");
  const name = `${results.date}-node${versions}${results.quick ? "-quick" : ""}.json`;
  const file = path.join(folder, "results", name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.part`, json(results));
  await rename(`${file}.part`, file);
}

/** Aborted by the first Ctrl-C; a second one ends the process. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    process.stderr.write("ending after this row; once more to end at once\n");
    controller.abort();
  });
  return controller.signal;
}

async function main(options: Options): Promise<void> {
  const start = performance.now();
  const results = await runSession({
    peers: chosenPeers(options),
    families,
    choose: (family, row) => {
      if (options.quick && row.quick !== true) return false;
      if (options.only.length === 0 || limitFamilies.includes(family)) return true;
      return options.only.some((part) => `${family.name} ${row.name}`.includes(part));
    },
    settings: options.quick ? QUICK : FULL,
    nodes: options.nodes.length > 0 ? options.nodes : [process.execPath],
    python: options.python,
    quick: options.quick,
    places: {
      child: path.join(import.meta.dirname, "child.js"),
      python: path.join(folder, "src", "python", "peer.py"),
      folder,
    },
    signal: interruption(),
    async onRow(soFar, done, count) {
      const { family, name } = soFar.rows.at(-1)!;
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      process.stderr.write(`${done}/${count} ${family} ${name} (${seconds} s)\n`);
      if (options.keep) await keep(soFar);
    },
  });
  process.stdout.write(options.json ? json(results) : `${report(results)}\n`);
}

try {
  const options = parseOptions(
    process.argv.slice(2),
    peers.map(({ name }) => name),
  );
  if (options.help) process.stdout.write(`${USAGE}\n`);
  else await main(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
