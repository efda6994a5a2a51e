import { CommanderError } from "commander";
import { exitCode } from "./errors.js";
import { Interrupted, isInterrupted, type Surroundings } from "./io.js";
import { buildProgram } from "./program.js";
import { version } from "./version.js";

/**
 * Runs the command line once and gives the exit code. It never throws and never ends the process: what it has to say
 * goes to the streams of `surroundings`.
 */
export async function run(commandLine: readonly string[], surroundings: Surroundings): Promise<number> {
  const { output, error, signal, environment } = surroundings;
  const program = buildProgram(version, {
    // Loaded on demand: help and usage errors should not wait for the numeric engine or the charts.
    fit: async (data, options) => (await import("./commands/fit.js")).fit(data, options, surroundings),
    predict: async (model, data, options) => {
      const { isTrainedModel } = await import("./train/model-file.js");
      if (await isTrainedModel(model))
        return (await import("./train/predict.js")).predictTrained(model, data, options, surroundings);
      return (await import("./commands/predict.js")).predict(model, data, options, surroundings);
    },
    train: async (data, options) => (await import("./train/train.js")).train(data, options, surroundings),
  });
  const streams = {
    writeOut: (text: string) => void output.write(text),
    writeErr: (text: string) => void error.write(text),
    getOutHelpWidth: () => output.columns ?? 80,
    getErrHelpWidth: () => error.columns ?? 80,
  };
  for (const command of [program, ...program.commands]) command.configureOutput(streams);
  try {
    await program.parseAsync([...commandLine], { from: "user" });
    return exitCode.ok;
  } catch (caught) {
    if (caught instanceof CommanderError) return caught.exitCode === 0 ? exitCode.ok : exitCode.usage;
    if (caught instanceof Interrupted || isInterrupted(caught, signal)) {
      error.write(`interrupted; ${caught instanceof Interrupted ? caught.message : "nothing was written"}\n`);
      return exitCode.interrupted;
    }
    const failure = caught instanceof Error ? caught : new Error(String(caught));
    error.write(`error: ${failure.message}\n`);
    if (environment.KINSHIP_DEBUG) error.write(`${failure.stack}\n`);
    return exitCode.badInput;
  }
}
