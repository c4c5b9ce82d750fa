// Live updates. The stream says which topics changed; the page gets its own address again for the regions that
// depend on them, with its own rights. One tab holds the stream for all tabs of the browser.
import { all, root, serverTime, toast } from "./base";
import { tickAll } from "./clock";
import { swap } from "./morph";

type State = "live" | "lost" | "offline";
type Message = { kind: "dirty" | "now" | "state" | "hello" | "out"; text: string };

const words: Record<State, string> = { live: "Live", lost: "Reconnecting", offline: "Offline" };
let state: State | "" = "";

const show = (s: State): void => {
  if (state === s) return;
  const came = s === "live" && state !== "";
  state = s;
  for (const el of all("[data-conn]")) { el.dataset.state = s; el.textContent = words[s]; el.hidden = false; }
  if (came) pull(regions()); // whatever was missed meanwhile
};

const regions = (): string[] => all("[data-region]").map((e) => e.id);
const tags = new Map<string, string>();
let wanted = new Set<string>(), running = false, timer = 0;

/** Gets regions anew. Calls that come meanwhile are joined into one. */
const pull = (names: string[]): void => {
  for (const n of names) wanted.add(n);
  if (!wanted.size || running || timer) return;
  timer = window.setTimeout(() => { timer = 0; void run(); }, 40);
};

async function run(): Promise<void> {
  const names = [...wanted].sort().join(",");
  wanted = new Set();
  running = true;
  try {
    const tag = tags.get(names), headers: Record<string, string> = { "X-Regions": names };
    if (tag) headers["If-None-Match"] = tag;
    const answer = await fetch(location.pathname + location.search, { headers });
    const at = answer.headers.get("X-Now");
    if (at) { serverTime(Number(at)); tickAll(); }
    if (answer.status === 304) return;
    if (answer.ok) {
      tags.set(names, answer.headers.get("ETag") || "");
      swap(await answer.text());
    } else if (answer.status === 401) {
      toast("You are not signed in any more. Sign in in another tab; your text is kept here.", true);
    } else if (answer.status === 403 || answer.status === 404) {
      toast("This page can no longer be shown to you.", true);
    }
  } catch {
    for (const n of names.split(",")) wanted.add(n);
    setTimeout(() => pull([]), 3000);
  } finally {
    running = false;
    if (wanted.size) setTimeout(() => pull([]), 0);
  }
}

const dirty = (topics: string[]): void => {
  const hit = all("[data-region]").filter((e) => {
    const on = (e.dataset.on || "").split(" ");
    return on.some((t) => topics.includes(t) || (t.includes(":") && topics.includes(t.slice(0, t.indexOf(":")) + ":*")));
  });
  tags.clear();
  if (document.hidden) { asleep.push(...hit.map((e) => e.id)); return; }
  pull(hit.map((e) => e.id));
};
const asleep: string[] = [];
document.addEventListener("visibilitychange", () => { if (!document.hidden) pull(asleep.splice(0)); });

const hear = (m: Message): void => {
  if (m.kind === "dirty") dirty(m.text.split(","));
  else if (m.kind === "now") { serverTime(Number(m.text)); tickAll(); }
  else if (m.kind === "state") show(m.text as State);
  else if (m.kind === "out") toast("You are not signed in any more. Sign in in another tab; your text is kept here.", true);
};

const channel = "BroadcastChannel" in window ? new BroadcastChannel("wakebell-live-" + (root.dataset.viewer || "")) : null;
let leading = false;
let told: [number, string][] = [];
const tell = (m: Message): void => {
  hear(m);
  channel?.postMessage(m);
  if (m.kind === "dirty") told = [...told.slice(-50), [Date.now(), m.text]];
};
if (channel) channel.onmessage = (e: MessageEvent<Message>) => {
  if (e.data.kind === "hello") {
    if (leading && state) channel.postMessage({ kind: "state", text: state });
    // What came while the other tab was being loaded.
    for (const [at, text] of told) if (at >= Number(e.data.text)) channel.postMessage({ kind: "dirty", text });
  }
  else hear(e.data);
};

/** Holds the stream until the tab goes. A stream that says nothing for long is dead even if nobody noticed. */
function lead(): Promise<void> {
  leading = true;
  return new Promise(() => {
    let source: EventSource, watch = 0;
    const state = (s: State): void => tell({ kind: "state", text: s });
    const alive = (): void => { clearTimeout(watch); watch = window.setTimeout(open, 45_000); };
    const lost = (): void => {
      state(navigator.onLine ? "lost" : "offline");
      if (source.readyState === EventSource.CLOSED) { clearTimeout(watch); watch = window.setTimeout(open, 5000 + Math.random() * 5000); }
    };
    function open(): void {
      source?.close();
      source = new EventSource("/events?after=" + (root.dataset.at || ""));
      root.dataset.at = "";
      alive();
      source.onopen = () => { state("live"); alive(); };
      source.onerror = lost;
      for (const kind of ["dirty", "now", "out"] as const) source.addEventListener(kind, (e) => { alive(); tell({ kind, text: (e as MessageEvent<string>).data }); });
    }
    open();
    addEventListener("offline", () => state("offline"));
    addEventListener("online", open);
    addEventListener("pagehide", () => source.close());
    addEventListener("pageshow", (e) => { if (e.persisted) open(); });
  });
}

if ("live" in root.dataset) {
  channel?.postMessage({ kind: "hello", text: String(performance.timeOrigin) });
  if (channel && navigator.locks) void navigator.locks.request("wakebell-live-" + (root.dataset.viewer || ""), lead);
  else void lead();
  document.addEventListener("wb-stale", (e) => {
    const id = (e as CustomEvent<string | undefined>).detail;
    setTimeout(() => pull(id ? [id] : regions()), 1200);
  });
}
