// The page of the search: asks as one types, shows what was found. Passages as archiver/store/passages.py chooses them.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = $("#find");
  const results = $("#results");
  const words = results.dataset;
  const root = new URL("..", new URL(form.dataset.index, location.href)); // of the site
  const box = form.elements.q;
  const [PAGE, WIDTH, BEFORE, MOST_PLACES] = [20, 160, 40, 500];
  let latest = 0;
  let waiting;

  box.value = new URLSearchParams(location.search).get("q") ?? "";
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 150);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.isComposing) return;
    const links = $$(".hit > a", results);
    const at = links.indexOf(document.activeElement);
    if (at < 0 && event.target !== box) return;
    event.preventDefault();
    (at + step < 0 ? box : links[Math.min(at + step, links.length - 1)])?.focus();
  });
  if (box.value) ask();

  async function ask() {
    const number = (latest += 1);
    const text = box.value.trim();
    const address = text ? `?${new URLSearchParams({ q: text })}` : location.pathname;
    try {
      history.replaceState(null, "", address);
    } catch {
      // a page of a file keeps its address in some browsers
    }
    $("#examples").hidden = Boolean(text);
    if (!text) return results.replaceChildren();
    results.setAttribute("aria-busy", "true");
    let shown;
    try {
      const found = await archive.find(text);
      shown = found ? await list(found) : [];
    } catch (error) {
      const said = error instanceof archive.Unknown ? words.unknown.replace("{}", error.message)
        : error instanceof archive.Wrong ? `${words.wrong}: ${error.message}` : words.missing;
      shown = [element("p", { className: "notice", textContent: said })];
    }
    if (number !== latest) return; // somebody typed on
    results.replaceChildren(...shown);
    results.setAttribute("aria-busy", "false");
  }

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  async function list({ query, exact, related }) {
    const all = [...exact.map((row) => [row, false]), ...related.map((row) => [row, true])];
    const count = element("p", { className: "quiet count", textContent: exact.length === 1 ? words.result : words.results.replace("{}", exact.length) });
    const hits = element("ol", { className: "hits" });
    const more = element("button", { type: "button", className: "plain", textContent: words.more });
    async function go() {
      const from = $$(".hit", hits).length;
      const made = await Promise.all(all.slice(from, from + PAGE).map(([row, isRelated]) => hit(row, query, isRelated)));
      made.forEach((each, at) => {
        if (from + at === exact.length) hits.append(element("li", { className: "divider", textContent: words.related }));
        hits.append(each);
      });
      more.hidden = all.length <= from + PAGE;
      if (from) $("a", made[0]).focus();
    }
    more.addEventListener("click", go);
    await go();
    if (!all.length) hits.append(element("li", { className: "divider", textContent: words.nothing }));
    return [count, hits, more];
  }

  async function hit(row, query, isRelated) {
    const held = await archive.textOf(row);
    const pattern = patternOf(archive.marked(query, isRelated));
    const link = element("a", { className: "entry-title", href: new URL(`${row.kind}/${row.id}.html`, root), lang: words.tongue }, ...marked(row.title, pattern));
    const about = [row.date, ...row.categories.map(([name]) => name)].filter(Boolean);
    return element("li", { className: "hit" }, link,
      element("p", { lang: words.tongue }, ...passage(held, pattern, query.tex)),
      element("span", { className: "meta" }, ...about.map((each) => element("span", { textContent: each, lang: words.tongue }))));
  }

  /* Passages */

  const WIDE = "[\\u{2e80}-\\u{10ffff}]";
  const LATIN = `(?:(?!${WIDE})[\\p{L}\\p{N}])`;
  const PART = new RegExp(`${WIDE}|${LATIN}+`, "gu");
  const HEAD = new RegExp(`^${LATIN}+`, "u");
  const TAIL = new RegExp(`${LATIN}+$`, "u");

  function patternOf(sought) {
    const patterns = sought.map(asPattern).filter(Boolean).sort((one, other) => other.length - one.length);
    return patterns.length ? new RegExp(patterns.join("|"), "giu") : null;
  }

  function asPattern(word) {
    const parts = [...word.matchAll(PART)].filter(([part]) => /[\p{L}\p{N}]/u.test(part));
    if (!parts.length) return "";
    let pattern = archive.isWide(parts[0][0]) ? "" : `(?<!${LATIN})`;
    parts.forEach((part, at) => {
      const before = parts[at - 1];
      if (before) {
        const near = before.index + before[0].length === part.index;
        if (!near) pattern += "[^\\p{L}\\p{N}]{1,20}";
        else if (!archive.isWide(before[0]) || !archive.isWide(part[0])) pattern += "\\s*";
      }
      pattern += part[0];
    });
    if (archive.isWide(parts.at(-1)[0])) return pattern;
    return pattern + (word.endsWith("*") ? `${LATIN}*` : `(?!${LATIN})`);
  }

  function marked(text, pattern) {
    const made = [];
    let at = 0;
    for (const found of pattern ? text.matchAll(pattern) : []) {
      made.push(text.slice(at, found.index), element("mark", { textContent: found[0] }));
      at = found.index + found[0].length;
    }
    return [...made, text.slice(at)];
  }

  // Where the first stretch begins that holds the most different words.
  function best(text, pattern) {
    const places = [];
    for (const found of text.matchAll(pattern)) {
      places.push([found.index, found[0].toLowerCase()]);
      if (places.length === MOST_PLACES) break;
    }
    let most = 0;
    let at = null;
    for (const [start] of places) {
      const different = new Set(places.filter(([place]) => place >= start && place < start + WIDTH - BEFORE).map(([, word]) => word)).size;
      if (different > most) [most, at] = [different, start];
    }
    return at;
  }

  function wholeWords(text, start, end, at) {
    const head = start && HEAD.test(text[start - 1]) ? HEAD.exec(text.slice(start, end))?.[0].length ?? 0 : 0;
    const tail = end < text.length && HEAD.test(text[end]) ? TAIL.exec(text.slice(start, end))?.[0].length ?? 0 : 0;
    return [start + head <= at ? start + head : start, end - tail > at ? end - tail : end];
  }

  // A formula is never cut: it stands there as its TeX, whole.
  function passage({ text, formulas }, pattern, tex) {
    const spans = formulas.map(([start, length]) => [start, start + length]);
    const holding = spans.find(([start, end]) => tex.some((each) => text.slice(start, end).includes(each)));
    const at = (pattern ? best(text, pattern) : null) ?? holding?.[0] ?? 0;
    let start = Math.max(0, at - BEFORE);
    const sentence = start ? /[。！？；\n]|[.!?] /.exec(text.slice(start, at)) : null;
    if (sentence) start += sentence.index + sentence[0].length;
    let end = Math.min(start + WIDTH, text.length);
    for (const [first, last] of spans) {
      if (first < start && start < last) start = at < last ? first : last;
      if (first < end && end < last) end = at < first ? first : last;
    }
    [start, end] = wholeWords(text, start, end, at);
    const made = start ? ["…"] : [];
    let from = start;
    const prose = (to) => made.push(...marked(text.slice(from, to).replace(/\s+/g, " "), pattern));
    for (const [first, last] of spans.filter(([first, last]) => start <= first && last <= end)) {
      prose(first);
      const source = text.slice(first, last);
      const isMarked = tex.some((each) => source.includes(each)) || (pattern && source.search(pattern) >= 0);
      const formula = element("code", { className: "tex", textContent: source });
      made.push(isMarked ? element("mark", {}, formula) : formula);
      from = last;
    }
    prose(end);
    return end < text.length ? [...made, "…"] : made;
  }
});
