/** What of WebGPU is asked for; not every version of the DOM's types has it. */
interface WebGpu {
  requestAdapter(): Promise<{ readonly info?: { readonly vendor?: string; readonly description?: string } } | null>;
}

const webGpu = (): WebGpu | undefined => (navigator as { gpu?: WebGpu }).gpu;

const context = (): WebGL2RenderingContext | null => document.createElement("canvas").getContext("webgl2");

export async function missingWebGl2(): Promise<string | undefined> {
  const gl = context();
  if (!gl) return "this browser gives no WebGL2: it has none, or it is switched off";
  const writable = gl.getExtension("EXT_color_buffer_float");
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return writable ? undefined : "WebGL2 cannot write float32 here (EXT_color_buffer_float)";
}

export async function missingWebGpu(): Promise<string | undefined> {
  if (!isSecureContext) return "WebGPU is for secure pages: use https, or localhost";
  const gpu = webGpu();
  if (!gpu) return "this browser has no WebGPU, or it is switched off";
  return (await gpu.requestAdapter().catch(() => null)) ? undefined : "WebGPU finds no adapter here";
}

/** What the devices call themselves. */
export async function deviceNames(): Promise<Readonly<Record<string, string>>> {
  const gl = context();
  const named = gl?.getExtension("WEBGL_debug_renderer_info");
  const renderer = gl && named ? String(gl.getParameter(named.UNMASKED_RENDERER_WEBGL)) : "none";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  const adapter = await webGpu()
    ?.requestAdapter()
    .catch(() => null);
  const { vendor = "", description = "" } = adapter?.info ?? {};
  return { WebGL2: renderer, WebGPU: adapter ? `${vendor} ${description}`.trim() || "unnamed" : "none" };
}
