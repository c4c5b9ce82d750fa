// Running displays. The page carries absolute times; the display counts by the server's clock. A screen reader
// hears only the crossing of a threshold, never seconds.
import { all, announce, now } from "./base";

const two = (n: number): string => String(n).padStart(2, "0");
const count = (ms: number): string => {
  const s = Math.trunc(Math.abs(ms) / 1000), d = Math.floor(s / 86400);
  const t = `${two(Math.floor((s % 86400) / 3600))}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
  return (ms < 0 ? "−" : "") + (d > 0 ? `${d}d ` : "") + t;
};
const words: Record<string, string> = { soon: "due soon", critical: "due very soon", overdue: "missed" };

class Clock extends HTMLElement {
  connectedCallback(): void { this.tick(); }

  tick(): void {
    const { due, start, soon, critical, name } = this.dataset;
    if (!due) return;
    const t = now(), left = Number(due) - t, from = Number(start);
    const out = this.querySelector("[data-out]"), text = count(left);
    if (out && out.textContent !== text) out.textContent = text;
    const bar = this.querySelector("progress"), total = Number(due) - from;
    if (bar) bar.value = total > 0 ? Math.max(0, Math.min(1, (t - from) / total)) : 1;
    const state = left < 0 ? "overdue" : left < Number(critical) ? "critical" : left < Number(soon) ? "soon" : "ok";
    const before = this.dataset.state;
    if (before === state) return;
    this.dataset.state = state;
    const word = this.querySelector("[data-word]");
    if (word) word.textContent = state === "overdue" ? "Missed" : "";
    if (before && words[state]) announce(`${name}: ${words[state]}`);
    // What the server counts, such as missed duties, is other now.
    if (state === "overdue" && before !== "none") document.dispatchEvent(new CustomEvent("wb-stale", { detail: this.closest("[data-region]")?.id }));
  }
}
customElements.define("wb-clock", Clock);

const span = (ms: number): string => {
  const m = Math.floor(Math.abs(ms) / 60000), h = Math.floor(m / 60);
  if (m < 1) return "just now";
  if (m < 60) return `${m} min ago`;
  if (h < 48) return (h < 10 && m % 60 ? `${h} h ${m % 60} min` : `${h} h`) + " ago";
  return `${Math.floor(h / 24)} days ago`;
};
const ages = (): void => {
  for (const el of all<HTMLTimeElement>("time[data-ago]")) {
    const text = span(now() - Date.parse(el.dateTime));
    if (el.textContent !== text) el.textContent = text;
  }
};

export const tickAll = (): void => { for (const c of all<Clock>("wb-clock")) c.tick(); ages(); };
const beat = (): void => { tickAll(); setTimeout(beat, 1000 - (now() % 1000)); };
beat();
document.addEventListener("visibilitychange", () => { if (!document.hidden) tickAll(); });
