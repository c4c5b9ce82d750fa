// What the parts share: time corrected by the server, announcements, parsing under Trusted Types, drafts.

declare global {
  interface Window {
    trustedTypes?: { createPolicy(name: string, rules: { createHTML(s: string): string }): { createHTML(s: string): unknown } };
  }
}

// One policy for the page. Only answers of our own server are parsed with it.
const policy = window.trustedTypes?.createPolicy("wakebell", { createHTML: (s) => s });

/** Parses an answer of our own server; scripts in it never run. */
export const parse = (html: string): Document =>
  new DOMParser().parseFromString((policy ? policy.createHTML(html) : html) as string, "text/html");

export const root = document.documentElement;

let skew = 0;
/** Sets the server's time. Small differences are the way over the network, not a wrong clock. */
export const serverTime = (ms: number): void => {
  const d = ms - Date.now();
  skew = Math.abs(d) > 2000 ? d : 0;
};
if (root.dataset.now) serverTime(Number(root.dataset.now));
export const now = (): number => Date.now() + skew;

/** Says a sentence to screen readers. */
export const announce = (text: string): void => {
  const el = document.getElementById("live");
  if (el) el.textContent = text;
};

let hide = 0;
/** Shows a sentence for a while, and says it. Bad news stays until the next one. */
export const toast = (text: string, bad = false): void => {
  const el = document.getElementById("toast");
  if (!el || !text) return;
  announce(text);
  el.textContent = text;
  el.dataset.tone = bad ? "bad" : "good";
  el.hidden = false;
  clearTimeout(hide);
  if (!bad) hide = window.setTimeout(() => { el.hidden = true; }, 6000);
};

export const all = <T extends Element = HTMLElement>(sel: string, at: ParentNode = document): T[] => [...at.querySelectorAll<T>(sel)];

export type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export const isControl = (n: unknown): n is Control =>
  n instanceof HTMLInputElement || n instanceof HTMLTextAreaElement || n instanceof HTMLSelectElement;

/** True when the viewer changed the field since the server drew it. */
export const changed = (c: Control): boolean => {
  if (c instanceof HTMLSelectElement) return [...c.options].some((o) => o.selected !== o.defaultSelected) && c.dataset.touched === "1";
  // Radios of one name are one answer: when the viewer moved it, none of them may be ticked by the server.
  if (c instanceof HTMLInputElement && c.type === "radio") return [...(c.form?.elements ?? [c])].some((r) => r instanceof HTMLInputElement && r.type === "radio" && r.name === c.name && r.checked !== r.defaultChecked);
  if (c instanceof HTMLInputElement && c.type === "checkbox") return c.checked !== c.defaultChecked;
  if (c instanceof HTMLInputElement && c.type === "file") return c.value !== "";
  return c.value !== c.defaultValue;
};

// The rows of a table share their names: each cell has a draft of its own, by its place.
const draftName = (f: HTMLFormElement, c: Control): string =>
  `draft:${location.pathname}:${f.dataset.form}:${c.name}:${[...f.elements].filter((x) => isControl(x) && x.name === c.name).indexOf(c)}`;
// A passphrase is never kept, not even while its field shows it.
const keeps = (c: Control): boolean => !c.autocomplete.includes("password") && (
  c instanceof HTMLTextAreaElement || (c instanceof HTMLInputElement && ["text", "search", "email", "url", "tel", "number", "datetime-local"].includes(c.type)));

/** Drafts live in the tab until their form was sent. Private browsing may have no storage; then there are none. */
export const draft = {
  keep(c: Control): void {
    if (!c.form?.dataset.form || !keeps(c)) return;
    try { changed(c) ? sessionStorage.setItem(draftName(c.form, c), c.value) : sessionStorage.removeItem(draftName(c.form, c)); } catch { /* no storage */ }
  },
  drop(f: HTMLFormElement): void {
    try { for (const c of f.elements) if (isControl(c)) sessionStorage.removeItem(draftName(f, c)); } catch { /* no storage */ }
  },
  restore(at: ParentNode = document): void {
    for (const f of all<HTMLFormElement>("form[data-form]", at)) {
      for (const c of f.elements) {
        if (!isControl(c) || !keeps(c) || changed(c)) continue;
        try {
          const text = sessionStorage.getItem(draftName(f, c));
          if (text !== null && text !== c.value) c.value = text;
        } catch { /* no storage */ }
      }
    }
  },
};
