import { add, exp, matmul, type Tensor } from "@kinship/tensor";
import { openGpu } from "@kinship/tensor/gpu";
import { expect, test } from "vitest";
import { pattern } from "../gpu/programs.js";
import { checkLoss, checkThousandPrograms, gpuTests } from "./gpu.js";

await gpuTests("webgl2");

const hasWebGl2 = async (): Promise<boolean> => (await openGpu({ fallback: "cpu" })).backend === "webgl2";

test.runIf(await hasWebGl2())(
  "programs that are closed leave no textures",
  async () => {
    const { prototype } = WebGL2RenderingContext;
    const { createTexture, deleteTexture } = prototype;
    const textures = new Set<WebGLTexture>();
    prototype.createTexture = function () {
      const made = createTexture.call(this);
      textures.add(made);
      return made;
    };
    prototype.deleteTexture = function (texture) {
      if (texture) textures.delete(texture);
      deleteTexture.call(this, texture);
    };
    try {
      const device = await openGpu({ backend: "webgl2" });
      const f = device.compile((x: Tensor) => ({ y: exp(x), z: add(x, pattern([5])) }));
      const g = device.compile((x: Tensor) => exp(add(x, 1)), { keep: true, donate: [0] });
      const h = device.compile((x: Tensor) => matmul(x, x));
      for (let k = 0; k < 3; k++) await f(pattern([5], k));
      for (let k = 0; k < 3; k++) await h(pattern([128, 128], k));
      expect(textures.size).toBeGreaterThan(0);
      let state = await g(pattern([5]));
      const size = textures.size;
      for (let k = 0; k < 5; k++) state = await g(state);
      // Five more states are no more textures than a few that are kept to be used again.
      expect(textures.size).toBeLessThanOrEqual(size + 2);
      await device.release(state);
      await f.close();
      await g.close();
      await h.close();
      expect(textures.size).toBe(0);
      await device.close();
      await checkThousandPrograms("webgl2", textures);
    } finally {
      Object.assign(prototype, { createTexture, deleteTexture });
    }
  },
  600_000,
);

test.runIf(await hasWebGl2())("a context that is lost is an error, and the next device works", async () => {
  const { prototype } = HTMLCanvasElement;
  const { getContext } = prototype;
  const contexts: WebGL2RenderingContext[] = [];
  prototype.getContext = function (this: HTMLCanvasElement, ...args: [string, unknown?]) {
    const context = getContext.apply(this, args as Parameters<typeof getContext>);
    if (context instanceof WebGL2RenderingContext) contexts.push(context);
    return context;
  } as typeof getContext;
  try {
    await checkLoss("webgl2", () => {
      for (const context of contexts) context.getExtension("WEBGL_lose_context")!.loseContext();
    });
  } finally {
    prototype.getContext = getContext;
  }
});
