// Forms are posted in the background: the server answers with the regions of the page, with another address, or
// with the page and what is wrong. Whatever happens on the way, the text stays, and so does the key that makes a
// second try the same as the first.
import { all, announce, draft, isControl, parse, serverTime, toast } from "./base";
import { send } from "./drop";
import { swap, swapMain } from "./morph";

const busy = (f: HTMLFormElement, on: boolean): void => {
  on ? (f.dataset.busy = "1") : delete f.dataset.busy;
  for (const b of all<HTMLButtonElement>("button:not([type=button])", f)) b.setAttribute("aria-disabled", String(on));
};

async function post(f: HTMLFormElement, by: HTMLElement | null): Promise<void> {
  const data = new FormData(f, by instanceof HTMLButtonElement ? by : null);
  const files = f.enctype === "multipart/form-data";
  const body = files ? data : new URLSearchParams([...data].map(([k, v]) => [k, String(v)]));
  let answer: Response | Awaited<ReturnType<typeof send>>, text = "";
  try {
    const to = f.getAttribute("action") || location.pathname;
    answer = files ? await send(f, to, data) : await fetch(to, { method: "POST", body, headers: { "X-Regions": "*" } });
    text = await answer.text();
  } catch {
    toast("Not sent: the server cannot be reached. Your text is kept; send it again.", true);
    return;
  }
  const head = answer.headers;
  if (head.get("X-Now")) serverTime(Number(head.get("X-Now")));
  const go = head.get("X-Go");
  if (go) {
    draft.drop(f);
    f.dataset.sent = "1";
    location.href === new URL(go, location.href).href ? location.reload() : location.assign(go);
    return;
  }
  if (answer.ok) {
    draft.drop(f);
    f.dataset.done = "1";
    swap(text);
    f.reset();
    delete f.dataset.done;
    // What was opened to fill it in is done with.
    for (const d of all<HTMLDetailsElement>("details.fold", f)) d.open = false;
    const fold = f.closest<HTMLDetailsElement>("details.fold:not([data-stay])");
    if (fold) {
      const inside = fold.contains(document.activeElement);
      fold.open = false;
      if (inside) fold.querySelector("summary")?.focus();
    }
    const key = f.querySelector<HTMLInputElement>("input[name=_key]");
    if (key && head.get("X-Key")) key.value = key.defaultValue = head.get("X-Key")!;
    f.closest<HTMLElement>("[popover]:popover-open")?.hidePopover();
    toast(decodeURIComponent(head.get("X-Say") || ""));
    return;
  }
  const doc = parse(text), wrong = doc.querySelector("[data-errors]");
  if (wrong) {
    swapMain(doc);
    const here = document.querySelector<HTMLElement>("[data-errors]");
    here?.closest<HTMLElement>("[popover]")?.showPopover();
    here?.focus();
    announce(here?.querySelector("h2")?.textContent || "");
    return;
  }
  const why = [doc.querySelector("h1")?.textContent, doc.querySelector("[data-why]")?.textContent].filter(Boolean).join(". ");
  toast(`${why || "Not saved"} Your text is kept.`, true);
}

document.addEventListener("submit", (e) => {
  const f = e.target as HTMLFormElement;
  if (e.defaultPrevented || f.method !== "post" || !f.dataset.form) return;
  if ("plain" in f.dataset) return draft.drop(f); // the server brings back what was typed
  e.preventDefault();
  if (f.dataset.busy) return;
  busy(f, true);
  void post(f, (e as SubmitEvent).submitter).finally(() => busy(f, false));
});

document.addEventListener("input", (e) => {
  const c = e.target;
  if (!isControl(c)) return;
  c.dataset.touched = "1";
  draft.keep(c);
  if (c instanceof HTMLInputElement && c.type === "datetime-local") moment(c);
});

// A field that saves itself: a tick, a filter.
document.addEventListener("change", (e) => {
  const c = e.target;
  if (isControl(c) && c.form && "auto" in (c.dataset.auto !== undefined ? c.dataset : c.form.dataset)) c.form.requestSubmit();
});

// The browser shows a date in its own way; this says it unambiguously, in the zone that counts and in UTC.
const parts = (zone: string, t: number): Record<string, string> =>
  Object.fromEntries(new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", weekday: "short" })
    .formatToParts(t).map((p) => [p.type, p.value]));
const words = (zone: string, t: number): string => {
  const p = parts(zone, t);
  return `${p.weekday} ${p.day} ${p.month.slice(0, 3)} ${p.year} ${p.hour}:${p.minute}`;
};
function moment(c: HTMLInputElement): void {
  const out = document.getElementById(c.id + "-said"), zone = c.dataset.zone || "UTC";
  if (!out) return;
  const wall = Date.parse(c.value + "Z");
  if (Number.isNaN(wall)) { out.textContent = ""; return; }
  const num = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", hourCycle: "h23" });
  const off = (t: number): number => {
    const p = Object.fromEntries(num.formatToParts(t).map((x) => [x.type, Number(x.value)]));
    return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute) - t;
  };
  const t = wall - off(wall - off(wall));
  out.textContent = `${words(zone, t)} ${zone}` + (zone === "UTC" ? "" : `, ${words("UTC", t)} UTC`);
}
const moments = (): void => all<HTMLInputElement>("input[type=datetime-local]").forEach(moment);

addEventListener("beforeunload", (e) => {
  // Drafts are kept, files are not.
  if (all<HTMLInputElement>("form:not([data-sent]) input[type=file]").some((c) => c.value)) e.preventDefault();
});

draft.restore();
moments();
document.addEventListener("wb-swapped", moments);
document.querySelector<HTMLElement>("[data-errors]")?.focus();

// The theme changes at once; the post remembers it.
document.addEventListener("submit", (e) => {
  const f = e.target as HTMLFormElement;
  if (f.getAttribute("action") !== "/theme") return;
  e.preventDefault();
  const c = f.querySelector<HTMLInputElement>("input[name=theme]")!, html = document.documentElement;
  const next = c.value, data = new URLSearchParams(new FormData(f) as unknown as Record<string, string>);
  next ? (html.dataset.theme = next) : delete html.dataset.theme;
  c.value = next === "light" ? "dark" : next === "dark" ? "" : "light";
  announce(next ? `${next} theme` : "Theme follows the system");
  void fetch("/theme", { method: "POST", body: data, headers: { "X-Regions": "*" } }).catch(() => undefined);
});
