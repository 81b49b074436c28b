// What is new since the last visit; when that was, the browser keeps.
"use strict";

document.addEventListener("DOMContentLoaded", async () => {
  const place = $("#since");
  if (!place) return;
  const PAUSE = 3_600_000; // milliseconds after which one comes back
  const key = `archiver-visit${place.dataset.root}`;
  const now = Date.now();
  let visit = {};
  try {
    visit = JSON.parse(localStorage.getItem(key)) ?? {};
  } catch {
    // as at the first visit
  }
  const { since = now, seen = now } = visit;
  const from = now - seen > PAUSE ? seen : since;
  try {
    localStorage.setItem(key, JSON.stringify({ since: from, seen: now }));
  } catch {
    return;
  }
  const moment = new Date(from);
  if (Number.isNaN(moment.getTime()) || from === now) return;
  const address = `${place.dataset.root}/new?since=${moment.toISOString().replace(/\.\d+Z$/, "Z")}`;
  const answer = await fetch(address);
  if (!answer.ok) return;
  const found = $("#new", new DOMParser().parseFromString(await answer.text(), "text/html"));
  if (!Number(found.dataset.count)) return;
  $("a", place).href = address;
  $("span", place).textContent = found.textContent;
  place.hidden = false;
});
