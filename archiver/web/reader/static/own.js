// Keys, and the place where one stops reading. Both need a script; all else that is kept goes by forms.
"use strict";

const keep = (post, what, values) => fetch(`${$("#keys").dataset.root}/own/posts/${post}/${what}`, {
  method: "POST", body: new URLSearchParams(values), keepalive: true,
});

/* Keys */

const current = () => document.activeElement?.closest(".entry, .hit");
const titleOf = (entry) => $(".entry-title", entry);

function step(by, wanted = () => true) {
  const entries = $$(".entry, .hit").filter((entry) => titleOf(entry));
  const at = entries.indexOf(current());
  const rest = by > 0 ? entries.slice(at + 1) : entries.slice(0, Math.max(at, 0)).reverse();
  const found = rest.find(wanted);
  if (found) titleOf(found).focus();
}

async function favour() {
  const button = $(".choices [data-key=favourite]");
  if (button) return button.click();
  const number = /\/posts\/(\d+)/.exec(current() ? titleOf(current()).pathname : "")?.[1];
  if (!number) return;
  const meta = $(".meta", current()) ?? current();
  const badge = $(".kept.favourite", meta);
  const answer = await keep(number, "favourite", { on: badge ? 0 : 1 });
  if (!answer.ok) return;
  if (badge) return badge.remove();
  const made = document.createElement("span");
  made.className = "kept favourite";
  made.textContent = `★ ${$("#keys").dataset.favourite}`;
  meta.append(made);
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  o: () => current() && titleOf(current()).click(),
  m: favour,
  n: () => ($("[data-unread]") ? $("[data-unread]").click() : step(1, (entry) => !$(".kept.read", entry))),
  "?": () => $("#keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.matches("input, textarea, select") || $("dialog[open]")) return;
  const act = Object.hasOwn(KEYS, event.key) && KEYS[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

/* The place: the last block that begins above the middle of the window */

function watchPlace() {
  const bar = $(".choices[data-post]");
  const blocks = [...($(".post .text")?.children ?? [])];
  if (!bar || !blocks.length) return;
  const isHeading = (node) => node.id && /^H[1-6]$/.test(node.tagName);
  let told = "", moved = false, waiting;

  function place() {
    const middle = innerHeight / 2;
    const at = blocks.findLastIndex((node) => node.getBoundingClientRect().top < middle);
    if (blocks.at(-1).getBoundingClientRect().bottom <= innerHeight) return { share: 100 };
    const heading = blocks.slice(0, at + 1).findLastIndex(isHeading);
    return { anchor: blocks[heading]?.id ?? "", block: at - heading, share: Math.min(99, Math.round(100 * at / blocks.length)) };
  }
  function tell() {
    clearTimeout(waiting);
    if (!moved) return;
    const found = place();
    const said = JSON.stringify(found);
    if (said === told || found.share === 0) return;
    told = said;
    keep(bar.dataset.post, "place", found);
  }
  // Only what the reader does counts: setting formulas and following a link scroll, too.
  for (const name of ["wheel", "touchmove", "keydown", "pointerdown"]) addEventListener(name, () => { moved = true; }, { passive: true });
  addEventListener("scroll", () => {
    clearTimeout(waiting);
    waiting = setTimeout(tell, 1000);
  }, { passive: true });
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && tell());

  function resume() {
    const heading = blocks.findIndex((node) => node.id === bar.dataset.anchor);
    const node = blocks[Math.min(Math.max(heading, -1) + Number(bar.dataset.block), blocks.length - 1)];
    node?.scrollIntoView({ block: "center", behavior: "instant" });
  }
  if (bar.dataset.block === undefined) return;
  $("[data-resume]", bar).addEventListener("click", (event) => {
    event.preventDefault();
    resume();
  });
  if (!new URLSearchParams(location.search).has("on")) return;
  resume();
  new MutationObserver(() => moved || resume()).observe(document.documentElement, { attributeFilter: ["data-formulas"] });
}

document.addEventListener("DOMContentLoaded", watchPlace);
