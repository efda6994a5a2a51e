/** Instructions on memory that threads share. Addresses are multiples of four; all are sequentially consistent. */

import type { ByteWriter } from "./bytes.js";
import { type Expression, type Operand, operation, type Statement } from "./expression.js";

/** Atomic instructions are valid with their natural alignment only: 2² bytes. */
const word = (offset: number) => (code: ByteWriter) => {
  code.byte(2);
  code.unsigned(offset);
};

export const atomic = /* @__PURE__ */ makeAtomic();

function makeAtomic() {
  return {
    load: (address: Operand, offset = 0): Expression => operation(0xfe0010, "i32", [address], word(offset)),
    store: (address: Operand, value: Operand, offset = 0): Statement =>
      operation(0xfe0017, "none", [address, value], word(offset)),
    /** Adds, and gives what was there before. */
    add: (address: Operand, value: Operand, offset = 0): Expression =>
      operation(0xfe001e, "i32", [address, value], word(offset)),
    /** Writes `value` if `expected` is there, and gives what was there before. */
    compareExchange: (address: Operand, expected: Operand, value: Operand, offset = 0): Expression => {
      const operands = [address, expected, value];
      return operation(0xfe0048, "i32", operands, word(offset));
    },
    /** Sleeps while `expected` is there, at most so many nanoseconds (for ever where negative): 0 woken, 1 another value, 2 too long. */
    wait: (address: Operand, expected: Operand, nanoseconds: Expression, offset = 0): Expression => {
      const operands = [address, expected, nanoseconds];
      return operation(0xfe0001, "i32", operands, word(offset));
    },
    /** Wakes at most so many that sleep there, and gives their number. */
    notify: (address: Operand, count: Operand, offset = 0): Expression =>
      operation(0xfe0000, "i32", [address, count], word(offset)),
  };
}
