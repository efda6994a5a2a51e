import fc from "fast-check";

// One seed for everybody; `npm run test:deep` passes its own seed and many more runs.
fc.configureGlobal({
  seed: Number(process.env.KINSHIP_SEED ?? 20240607),
  numRuns: Number(process.env.KINSHIP_RUNS ?? 100),
});
