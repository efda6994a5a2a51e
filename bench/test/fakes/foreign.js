// A peer that speaks JSON lines, as the Python peers do; it doubles what it is sent.
import { createInterface } from "node:readline";

const encode = (values) => Buffer.from(Float64Array.from(values).buffer).toString("base64");
const floats = (text) => new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);

const answers = {
  load: () => ({ type: "loaded", versions: { foreign: "1.0" } }),
  prepare: ({ inputs, runs, parameters }) => {
    if (inputs.a.shape[0] !== parameters.size || inputs.a.dtype !== "float32" || runs !== 1)
      throw new Error("bad request");
    return { type: "prepared", outputs: [encode(floats(inputs.a.base64).map((value) => 2 * value))], firstCall: 1 };
  },
  time: () => ({ type: "timed", samples: encode([100, 200, 300]) }),
  release: () => ({ type: "released" }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id: request.id, ...answers[request.type](request) })}\n`);
}
