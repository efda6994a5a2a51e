// Trains, writing a checkpoint after every step, and goes on from the last one: `node killable.mjs FOLDER`.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import {
  adam,
  batchNorm,
  createObjective,
  dense,
  dropout,
  gradVac,
  hardSharing,
  multiTaskModel,
  regression,
  saveModel,
  sequential,
  sharedRows,
  train,
} from "@kinship/mtl";
import { normal, randomKey } from "@kinship/tensor";

const [folder] = process.argv.slice(2);
const whole = (name, bytes) => {
  writeFileSync(`${folder}/${name}.new`, bytes);
  renameSync(`${folder}/${name}.new`, `${folder}/${name}`);
};
const trunk = sequential([dense(6), batchNorm(), dropout(0.2), dense(4, { activation: "tanh" })]);
const model = multiTaskModel({ input: [3], encoder: hardSharing(trunk), heads: { a: dense(1), b: dense(1) } });
const label = (seed) => normal(randomKey(seed), [50]);
const trained = await train({
  objective: createObjective({ model, tasks: { a: regression(), b: regression() } }),
  data: sharedRows(normal(randomKey(1), [50, 3]), { a: label(2), b: label(3) }),
  steps: 60,
  batchSize: 8,
  optimizer: adam({ learningRate: 0.01 }),
  balancer: gradVac(),
  checkpoint: {
    everySteps: 1,
    save: (bytes) => {
      whole("checkpoint", bytes);
      process.stdout.write(".");
    },
  },
  ...(existsSync(`${folder}/checkpoint`) && { resume: readFileSync(`${folder}/checkpoint`) }),
});
whole("model", saveModel(trained));
whole("history", JSON.stringify(trained.history));
