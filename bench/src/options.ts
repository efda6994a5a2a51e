import { parseArgs } from "node:util";

export interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly keep: boolean;
  readonly help: boolean;
  /** Parts of row names; empty for all. */
  readonly only: readonly string[];
  /** Names of peers; empty for all. */
  readonly peers: readonly string[];
  /** Node binaries; empty for the one that runs this. */
  readonly nodes: readonly string[];
  readonly python: string;
}

export const USAGE = `npm run bench -- [options]

  --quick            fewer rows, sizes and peers; under two minutes on two idle cores
  --only <rows>      rows whose name contains one of these, separated by commas
  --peers <list>     these peers alone, separated by commas (ours are always in)
  --node <path>      run under this Node binary; repeat to compare several
  --python <path>    the Python that has numpy and torch (default python3)
  --json             print the results as JSON instead of tables
  --keep             also write them to bench/results/
  --help             this text`;

const list = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

export function parseOptions(words: readonly string[], knownPeers: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      only: { type: "string" },
      peers: { type: "string" },
      node: { type: "string", multiple: true, default: [] },
      python: { type: "string", default: "python3" },
    },
  });
  const peers = list(values.peers);
  const unknown = peers.find((name) => !knownPeers.includes(name));
  if (unknown !== undefined) throw new Error(`--peers: no peer called ${unknown}; there are ${knownPeers.join(", ")}`);
  const { quick, json, keep, help, node, python } = values;
  return { quick, json, keep, help, only: list(values.only), peers, nodes: node, python };
}
