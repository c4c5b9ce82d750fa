// Files for the composer: dropped on it or on an entry of the timeline, or pasted. They go into the form's own field,
// so that they are sent as if they had been chosen. What is too large is said before it is sent.
import { all, announce } from "./base";

const field = (at: ParentNode = document): HTMLInputElement | null => at.querySelector<HTMLInputElement>("[data-drop] input[type=file]");

export const sizeOf = (n: number): string => {
  const units = ["B", "kB", "MB", "GB"];
  let i = 0;
  while (n >= 1024 && i < 3) { n /= 1024; i++; }
  return `${i && n < 10 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
};

/** Lists what is chosen, and says what cannot be sent. */
const list = (c: HTMLInputElement): void => {
  const fold = c.closest<HTMLDetailsElement>("[data-drop]"), out = fold?.querySelector<HTMLElement>("[data-drops]");
  if (!fold || !out) return;
  const most = Number(out.dataset.most || 0), files = [...(c.files || [])];
  out.replaceChildren(...files.map((f) => {
    const li = document.createElement("li"), big = most > 0 && f.size > most;
    li.textContent = `${f.name}, ${sizeOf(f.size)}${big ? `: too large, at most ${sizeOf(most)}` : ""}`;
    if (big) li.className = "bad";
    return li;
  }));
  const on = fold.querySelector<HTMLInputElement>("input[name=on]");
  const line = on?.value ? document.querySelector(`li[data-entry="${CSS.escape(on.value)}"] .tl-h b`)?.textContent : "";
  if (line && files.length) {
    const li = document.createElement("li");
    li.textContent = `Belongs to the entry “${line}”`;
    out.append(li);
  }
  if (files.length) fold.open = true;
  c.setCustomValidity(most > 0 && files.some((f) => f.size > most) ? `A file is larger than ${sizeOf(most)}. Compress or split it.` : "");
};

const add = (c: HTMLInputElement, files: Iterable<File>, entry: string): void => {
  const whole = new DataTransfer();
  for (const f of [...(c.files || []), ...files]) whole.items.add(f);
  c.files = whole.files;
  const on = c.closest("[data-drop]")?.querySelector<HTMLInputElement>("input[name=on]");
  if (on) on.value = entry;
  list(c);
  c.form?.scrollIntoView({ block: "nearest" });
  announce(`${whole.files.length} ${whole.files.length === 1 ? "file" : "files"} chosen`);
};

/** Where a file may be let go: the composer, or an entry of the timeline. */
const target = (e: Event): HTMLElement | null => (e.target as Element | null)?.closest<HTMLElement>(".composer, #timeline li[data-entry]") || null;
const carries = (e: DragEvent): boolean => !!e.dataTransfer && [...e.dataTransfer.types].includes("Files");
let over: HTMLElement | null = null;
const mark = (el: HTMLElement | null): void => {
  if (over === el) return;
  over?.classList.remove("over");
  (over = el)?.classList.add("over");
};

document.addEventListener("dragover", (e) => {
  if (!carries(e) || !field()) return;
  e.preventDefault(); // a file let go beside must not replace the page
  const t = target(e);
  mark(t);
  e.dataTransfer!.dropEffect = t ? "copy" : "none";
});
document.addEventListener("dragleave", (e) => { if (!e.relatedTarget) mark(null); });
document.addEventListener("drop", (e) => {
  const c = field(), t = target(e);
  if (!carries(e) || !c) return;
  e.preventDefault();
  mark(null);
  if (t) add(c, e.dataTransfer!.files, t.dataset.entry || "");
});
document.addEventListener("paste", (e) => {
  const f = (e.target as Element | null)?.closest("form"), c = f && field(f), files = e.clipboardData?.files;
  if (!c || !files?.length) return;
  e.preventDefault();
  // Every screenshot that is pasted is called the same.
  const stamp = new Date().toISOString().slice(0, 19).replace(/[T:]/g, "-");
  add(c, [...files].map((x) => (x.name === "image.png" ? new File([x], `screenshot-${stamp}.png`, { type: x.type }) : x)), "");
});
document.addEventListener("change", (e) => { const c = e.target; if (c instanceof HTMLInputElement && c.type === "file") list(c); });
document.addEventListener("reset", (e) => {
  for (const c of all<HTMLInputElement>("[data-drop] input", e.target as HTMLFormElement)) {
    if (c.type === "hidden") c.value = "";
    else setTimeout(() => list(c), 0);
  }
});

/** Sends a form with files and shows how far it is. The answer looks like that of fetch. */
export const send = (f: HTMLFormElement, to: string, data: FormData): Promise<{ ok: boolean; headers: { get(name: string): string | null }; text(): Promise<string> }> =>
  new Promise((done, fail) => {
    const x = new XMLHttpRequest(), bar = document.createElement("progress");
    bar.setAttribute("aria-label", "Sending");
    bar.max = 1;
    x.open("POST", to);
    x.setRequestHeader("X-Regions", "*");
    x.upload.onprogress = (e) => {
      if (!e.lengthComputable) return;
      if (!bar.isConnected) f.append(bar);
      bar.value = e.loaded / e.total;
    };
    x.onloadend = () => bar.remove();
    x.onerror = x.onabort = () => fail(new Error("not sent"));
    x.onload = () => done({ ok: x.status >= 200 && x.status < 300, headers: { get: (n) => x.getResponseHeader(n) }, text: async () => x.responseText });
    x.send(data);
  });
