import type { CallFamily } from "../../src/harness/family.js";

export declare const doubling: CallFamily;
