import { ModuleBuilder } from "./assembler/index.js";
import { hasFeature } from "./features.js";

/** The exports of a module made on the spot; null where its instructions or the permission to compile are missing. */
export function instantiate<Exports>(
  define: (module: ModuleBuilder) => void,
  imports?: () => WebAssembly.Imports,
): Exports | null {
  if (!hasFeature("simd")) return null;
  const module = new ModuleBuilder();
  define(module);
  try {
    // A content-security policy may forbid it, an engine may refuse to compile this much synchronously.
    return new WebAssembly.Instance(new WebAssembly.Module(module.encode()), imports?.()).exports as Exports;
  } catch {
    return null;
  }
}

/** The same, made when it is first asked for. */
export function lazily<Exports>(
  define: (module: ModuleBuilder) => void,
  imports?: () => WebAssembly.Imports,
): () => Exports | null {
  let made: { readonly exports: Exports | null } | undefined;
  return () => {
    made ??= { exports: instantiate<Exports>(define, imports) };
    return made.exports;
  };
}
