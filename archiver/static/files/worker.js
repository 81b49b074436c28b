// Keeps what was read, or on demand all of it, and gives it where there is no network. What is new comes first.
"use strict";

const CACHE = `archiver ${registration.scope}`;
const SHELL = [/* the files every page needs */];
const TOGETHER = 8; // requests at a time

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL.map((name) => new Request(name, { cache: "reload" })))));
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(registration.scope)) event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const found = await fetch(request);
    if (found.ok && found.status === 200) await cache.put(bare(request.url), found.clone());
    return found;
  } catch {
    return (await cache.match(bare(request.url))) ?? Response.error();
  }
}

// A search is one page, whatever it asks; the folder is its front page.
function bare(url) {
  const address = url.split(/[?#]/)[0];
  return address.endsWith("/") ? `${address}index.html` : address;
}

addEventListener("message", (event) => {
  if (event.data.keep) event.waitUntil(keepAll(event.data.keep, event.source));
});

async function keepAll(list, client) {
  const cache = await caches.open(CACHE);
  let kept = 0;
  try {
    const names = await (await fetch(list, { cache: "no-store" })).json();
    const wanted = names.map((name) => new URL(name, registration.scope).href);
    const waiting = [...wanted];
    const work = async () => {
      for (let address = waiting.pop(); address; address = waiting.pop()) {
        const found = await fetch(address, { cache: "no-cache" });
        if (!found.ok) throw new Error(address);
        await cache.put(address, found);
        kept += 1;
        if (kept % 20 === 0 || kept === wanted.length) client.postMessage({ kept, files: wanted.length });
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, work));
    const there = new Set(wanted);
    for (const { url } of await cache.keys()) if (!there.has(url)) await cache.delete(url);
  } catch {
    client.postMessage({ failed: true });
  }
}
