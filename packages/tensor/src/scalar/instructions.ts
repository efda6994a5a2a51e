// Every instruction has a loop of its own: one shared loop that calls a function would be compiled for all of them, and
// run several times slower. For the same reason the cheapest have a second loop that only ever sees float32.
// Each is an export of its own, so that a bundle holds only those that are used.

export * from "./arithmetic.js";
export * from "./functions.js";
export * from "./logic.js";
