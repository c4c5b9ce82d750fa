// Putting new regions into the page without touching what the viewer is doing.
import { Idiomorph } from "idiomorph";
import { all, changed, draft, isControl, parse } from "./base";

const sent = (n: Element): boolean => !!n.closest("form[data-done]");

const guard = {
  restoreFocus: true,
  callbacks: {
    beforeNodeMorphed(old: Node, fresh: Node): boolean {
      if (!(old instanceof HTMLElement)) return true;
      if (isControl(old) && !sent(old)) {
        if (old.name === "_key" && old.form?.dataset.busy) return false; // the answer is still out: the key must stay
        if (changed(old)) return false;
      }
      // The display goes on; only new times are news.
      if (old.localName === "wb-clock" && fresh instanceof HTMLElement) {
        for (const k of ["state"]) if (fresh.dataset.due === old.dataset.due && fresh.dataset[k] && old.dataset.due) fresh.dataset[k] = old.dataset[k];
      }
      return true;
    },
    beforeAttributeUpdated(name: string, el: Element): boolean {
      // "done" and "busy" say what happens to a form now; the server knows nothing of them.
      return !(name === "open" && el.localName === "details") && !((name === "data-done" || name === "data-busy") && el.localName === "form");
    },
    beforeNodeRemoved(n: Node): boolean {
      // A popup or a half-filled form the viewer is in stays until it is closed or sent.
      return !(n instanceof HTMLElement && (n.matches(":popover-open") || (n.contains(document.activeElement) && all("textarea,input", n).some((c) => isControl(c) && changed(c)))));
    },
  },
};

/** Keeps the items that were loaded by scrolling below those of the first page. */
const extend = (old: HTMLElement, fresh: Element): void => {
  if (!old.hasAttribute("data-extended")) return;
  const from = old.querySelector("[data-list]"), to = fresh.querySelector("[data-list]");
  if (!from || !to) return;
  for (const item of [...from.children]) if (item.id && !fresh.querySelector("#" + CSS.escape(item.id))) to.append(item.cloneNode(true));
  const mine = old.querySelector(".pager"), theirs = fresh.querySelector(".pager");
  if (theirs) mine ? theirs.replaceWith(mine.cloneNode(true)) : theirs.remove();
  fresh.setAttribute("data-extended", "");
};

/** Puts each region of an answer in the place of the one with the same id. */
export const swap = (html: string): void => {
  for (const fresh of all("[data-region]", parse(html))) {
    const old = document.getElementById(fresh.id);
    if (!old) continue;
    extend(old, fresh);
    // What somebody is typing into stays. A button that was pressed becomes what the server says.
    Idiomorph.morph(old, fresh, { ...guard, ignoreActiveValue: isControl(document.activeElement) });
  }
  document.dispatchEvent(new Event("wb-swapped"));
};

/** Takes the main part of a whole page: a form that came back with errors. */
export const swapMain = (doc: Document): void => {
  const main = document.getElementById("main"), fresh = doc.getElementById("main");
  if (!main || !fresh) return;
  for (const f of all<HTMLFormElement>("form", main)) f.dataset.done = "1"; // the server sends back what was typed
  Idiomorph.morph(main, fresh, guard);
  for (const f of all<HTMLFormElement>("form", main)) delete f.dataset.done;
  document.title = doc.title;
  draft.restore(main);
  document.dispatchEvent(new Event("wb-swapped"));
};
