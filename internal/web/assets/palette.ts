// The command palette (Ctrl or Command K) and single keys. Single keys do nothing in fields and can be switched
// off. Everything here can be reached by links too.
import { all, parse, root } from "./base";

const pal = document.getElementById("palette") as HTMLDialogElement | null;

if (pal) {
  const q = pal.querySelector<HTMLInputElement>("input")!;
  let items = all<HTMLElement>("[role=option]", pal);
  const list = pal.querySelector("[role=listbox]")!;
  const seek = pal.querySelector<HTMLElement>("[data-seek]");
  let at = 0;
  const shown = (): HTMLElement[] => items.filter((i) => !i.hidden);
  const mark = (): void => {
    q.removeAttribute("aria-activedescendant");
    shown().forEach((a, n) => {
      a.setAttribute("aria-selected", String(n === at));
      if (n === at) { q.setAttribute("aria-activedescendant", a.id); a.scrollIntoView({ block: "nearest" }); }
    });
  };
  const filter = (): void => {
    const words = q.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let extra = 0;
    for (const a of items) {
      if (a === seek) continue;
      const text = a.textContent!.toLowerCase();
      // Before anything is typed, few incidents are enough: the screens must be in sight.
      a.hidden = !words.every((w) => text.includes(w)) || (!words.length && "extra" in a.dataset && ++extra > 5);
    }
    if (seek) {
      seek.hidden = !words.length;
      seek.setAttribute("href", "/search?q=" + encodeURIComponent(q.value.trim()));
      seek.querySelector("[data-words]")!.textContent = q.value.trim();
    }
    at = 0;
    mark();
  };
  // The open incidents are asked for each time: they change while the page stands.
  const more = async (): Promise<void> => {
    try {
      const answer = await fetch("/search", { headers: { "X-Regions": "palette-more" } });
      if (!answer.ok) return;
      for (const old of all("[data-extra]", pal)) old.remove();
      const first = list.querySelector("[data-screen]") ?? seek;
      for (const a of all("[data-extra]", parse(await answer.text()))) list.insertBefore(a, first);
      const was = shown()[at];
      items = all("[role=option]", pal);
      filter();
      at = Math.max(0, shown().indexOf(was!));
      mark();
    } catch { /* offline: what the page has is there */ }
  };
  const open = (): void => { q.value = ""; filter(); pal.showModal(); if (seek) void more(); };
  q.addEventListener("input", filter);
  q.addEventListener("keydown", (e) => {
    const n = shown().length;
    if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); at = n ? (at + (e.key === "ArrowDown" ? 1 : n - 1)) % n : 0; mark(); }
    else if (e.key === "Enter") { e.preventDefault(); shown()[at]?.click(); }
  });
  pal.addEventListener("click", (e) => { if (e.target === pal) pal.close(); });
  document.addEventListener("click", (e) => {
    const b = (e.target as Element).closest?.("[data-palette]");
    if (b) { e.preventDefault(); open(); }
  });
  document.addEventListener("keydown", (e) => {
    if ((e.metaKey || e.ctrlKey) && !e.shiftKey && !e.altKey && e.key.toLowerCase() === "k") { e.preventDefault(); pal.open ? pal.close() : open(); }
  });
  for (const k of all("kbd[data-mod]")) k.textContent = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘K" : "Ctrl K";
}

let first = "", when = 0;
document.addEventListener("keydown", (e) => {
  if (e.defaultPrevented || e.metaKey || e.ctrlKey || e.altKey || "nokeys" in root.dataset) return;
  const t = e.target as Element;
  if (t.closest("input,textarea,select,[contenteditable],dialog,[popover]:popover-open")) return;
  // "g t" goes to Triage, "u" writes an update, "j" and "k" walk through rows.
  const two = first && e.timeStamp - when < 1200 ? `${first} ${e.key}` : e.key;
  first = e.key; when = e.timeStamp;
  if (e.key === "j" || e.key === "k") {
    const rows = all<HTMLElement>("[data-rows] [data-row]");
    const n = rows.findIndex((r) => r.contains(document.activeElement));
    const row = rows[Math.max(0, Math.min(rows.length - 1, n + (e.key === "j" ? 1 : -1)))];
    if (row) { e.preventDefault(); (row.querySelector<HTMLElement>("a") ?? row).focus(); return; }
  }
  const el = all<HTMLElement>(`[data-key="${CSS.escape(two)}"]`).find((x) => x.checkVisibility());
  if (el) { e.preventDefault(); el.focus(); el.click(); }
});
