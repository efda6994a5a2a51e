import type { Backend } from "../backends/backend.js";
import type { Kernel } from "../kernels/kernel.js";
import type { Job } from "../measure.js";

function box(parent: HTMLElement, { text, checked, name }: { text: string; checked: boolean; name: string }) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  Object.assign(input, { type: "checkbox", checked, name });
  label.append(input, ` ${text}`);
  parent.append(label);
  return { input, label };
}

/** A box for each size of each kernel; returns what is chosen when it is asked. */
export function kernelChoice(parent: HTMLElement, kernels: readonly Kernel[]): () => Job[] {
  const all = kernels.flatMap(({ name, about, sizes }) => {
    const group = document.createElement("div");
    group.className = "kernel";
    const title = document.createElement("span");
    title.textContent = name;
    title.title = about;
    group.append(title);
    parent.append(group);
    return sizes.map((size) => ({
      job: { kernel: name, size: size.name, make: size.make },
      input: box(group, { text: size.name, checked: size.chosen, name: `${name} ${size.name}` }).input,
    }));
  });
  return () => all.filter(({ input }) => input.checked).map(({ job }) => job);
}

/** A box for each backend; those that are missing cannot be chosen, and say why. */
export async function backendChoice(parent: HTMLElement, backends: readonly Backend[]): Promise<() => Backend[]> {
  const all = await Promise.all(backends.map(async (backend) => ({ backend, missing: await backend.missing() })));
  const shown = all.map(({ backend, missing }) => {
    const { input, label } = box(parent, {
      text: backend.name,
      checked: missing === undefined,
      name: backend.name,
    });
    if (missing !== undefined) {
      input.disabled = true;
      const why = document.createElement("small");
      why.textContent = missing;
      label.append(why);
    }
    return { backend, input };
  });
  return () => shown.filter(({ input }) => input.checked).map(({ backend }) => backend);
}
