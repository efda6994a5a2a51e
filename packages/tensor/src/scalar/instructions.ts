// Every instruction has a loop of its own: one shared loop that calls a function would be compiled for all of them, and
// run several times slower. The cheapest also name WebAssembly's own instruction, for long arrays.
// Each is an export of its own, so that a bundle holds only those that are used.

export * from "./arithmetic.js";
export * from "./functions.js";
export * from "./logic.js";
