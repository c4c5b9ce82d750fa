// Long lists load the next page when its link comes into sight; the link works by itself too. Hashes copy.
import { all, parse, toast } from "./base";

const seen = new WeakSet<Element>();

async function more(a: HTMLAnchorElement): Promise<void> {
  if (a.dataset.busy) return;
  a.dataset.busy = "1";
  const region = document.getElementById(a.dataset.more!);
  try {
    const answer = await fetch(a.href, { headers: { "X-Regions": a.dataset.more! } });
    const fresh = answer.ok ? parse(await answer.text()).getElementById(a.dataset.more!) : null;
    const to = region?.querySelector("[data-list]"), from = fresh?.querySelector("[data-list]");
    if (!region || !to || !from) { location.assign(a.href); return; }
    const focused = document.activeElement === a, first = from.firstElementChild as HTMLElement | null;
    to.append(...from.children);
    region.setAttribute("data-extended", "");
    const next = fresh!.querySelector(".pager"), old = a.closest(".pager");
    next ? old?.replaceWith(next) : old?.remove();
    if (focused) (first?.querySelector<HTMLElement>("a,button") ?? first)?.focus();
    watch();
  } catch {
    delete a.dataset.busy;
  }
}

const eye = new IntersectionObserver((entries) => {
  for (const e of entries) if (e.isIntersecting) void more(e.target as HTMLAnchorElement);
}, { rootMargin: "400px" });

const watch = (): void => {
  for (const a of all<HTMLAnchorElement>("a[data-more]")) if (!seen.has(a)) { seen.add(a); eye.observe(a); }
};
watch();
document.addEventListener("wb-swapped", watch);

document.addEventListener("click", (e) => {
  const t = e.target as Element;
  const a = t.closest?.<HTMLAnchorElement>("a[data-more]");
  if (a) { e.preventDefault(); void more(a); return; }
  if (t.closest?.("[data-print]")) print();
  const b = t.closest?.<HTMLElement>("[data-copy]");
  if (b) void navigator.clipboard?.writeText(b.dataset.copy!).then(() => toast("Copied."), () => toast("Not copied: the browser did not allow it.", true));
});
