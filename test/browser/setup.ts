// Tests that run in Node and in a page read their number of rounds from the environment, which a page lacks.
const scope = globalThis as { process?: { env: Record<string, string | undefined> } };
scope.process ??= { env: {} };
scope.process.env ??= {};
