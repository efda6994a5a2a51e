import { ModuleBuilder } from "./assembler/index.js";
import { hasFeature } from "./features.js";

/**
 * The exports of a module, made when it is first asked for; null where its instructions or the permission to compile
 * are missing.
 */
export function lazily<Exports>(
  define: (module: ModuleBuilder) => void,
  imports?: () => WebAssembly.Imports,
): () => Exports | null {
  const make = (): Exports | null => {
    if (!hasFeature("simd")) return null;
    const module = new ModuleBuilder();
    define(module);
    try {
      // A content-security policy may forbid it, an engine may refuse to compile this much synchronously.
      return new WebAssembly.Instance(new WebAssembly.Module(module.encode()), imports?.()).exports as Exports;
    } catch {
      return null;
    }
  };
  let made: Exports | null | undefined;
  return () => {
    if (made === undefined) made = make();
    return made;
  };
}
