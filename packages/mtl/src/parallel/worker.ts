import { parentPort } from "node:worker_threads";
import { InputError } from "../errors.js";
import { describedLoss } from "../methods/cross-validation.js";
import { regularizerOf } from "../methods/describe.js";
import { type FoldOutcome, type FoldSettings, foldFit } from "../solvers/fold-fits.js";
import { type FoldPlan, planFolds } from "../solvers/fold-plan.js";
import { type Problem, problemOf } from "../solvers/problem.js";
import type { OpenJob, Reply, Request, SolveFold } from "./messages.js";

/** A thread that fits folds: it does as it is told and answers each `solve` once. */
interface Job {
  readonly opened: OpenJob;
  readonly plans: readonly FoldPlan[];
  readonly problems: Map<number, Problem>;
  readonly chains: Map<number, (settings: FoldSettings) => FoldOutcome>;
}

const jobs = new Map<number, Job>();
const port = parentPort;
if (port === null) throw new Error("worker: this module is the main file of a worker thread");

port.on("message", (message) => {
  const request = message as Request;
  if (request.kind === "close") jobs.delete(request.job);
  else if (request.kind === "open") jobs.set(request.job, open(request));
  else port.postMessage(answer(request));
});

function open(opened: OpenJob): Job {
  const { tasks, folds, seed } = opened;
  return { opened, plans: planFolds(tasks, folds, seed), problems: new Map(), chains: new Map() };
}

function answer(request: SolveFold): Reply {
  const { id, chain, settings } = request;
  try {
    const job = jobs.get(request.job)!;
    let fit = job.chains.get(chain);
    if (fit === undefined) {
      fit = begin(job, request);
      job.chains.set(chain, fit);
    }
    return { id, outcome: fit(settings) };
  } catch (error) {
    const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
    return { id, failure: { message, stack, input: error instanceof InputError } };
  }
}

function begin({ opened, plans, problems }: Job, { fold, regularizer }: SolveFold) {
  const { tasks, intercept, lambdaIntercept } = opened;
  const loss = describedLoss(opened);
  const plan = plans[fold]!;
  let problem = problems.get(fold);
  if (problem === undefined) {
    problem = problemOf(plan.train, loss, "crossValidateLinear");
    problems.set(fold, problem);
  }
  const choice = {
    ...{ tasks, loss, regularizer: regularizerOf(regularizer!) },
    ...(intercept !== undefined && { intercept }),
    ...(lambdaIntercept !== undefined && { lambdaIntercept }),
  };
  return foldFit({ tasks, loss, plan, problem, choice });
}
