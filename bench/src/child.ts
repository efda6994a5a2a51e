import { serve } from "./harness/serve.js";
import { peers } from "./peers/index.js";
import { families } from "./rows/index.js";

const wanted = process.argv[2];
const peer = peers.find((candidate) => candidate.name === wanted);
if (peer === undefined || !("load" in peer)) throw new Error(`no peer called ${wanted}`);
serve(peer, families);
