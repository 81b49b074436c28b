// Highlights: passages are kept by their words, formulas by their TeX, and found again whatever else has changed.
"use strict";

(() => {
  const AROUND = 60; // characters kept of what is before and after

  const squeeze = (text) => text.replace(/\s+/g, "");

  // The text in pieces: a formula is one piece, as its TeX, however it is drawn.
  function pieces(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) => {
      if (node.nodeType === Node.TEXT_NODE) return NodeFilter.FILTER_ACCEPT;
      if (node.matches(".tex")) return NodeFilter.FILTER_ACCEPT;
      return node.parentElement.closest(".tex") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP;
    });
    const found = [];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.nodeType === Node.ELEMENT_NODE) found.push({ node, text: node.dataset.tex ?? node.textContent, whole: true });
      else if (!node.parentElement.closest(".tex")) found.push({ node, text: node.data, whole: false });
    }
    return found;
  }

  // What is selected, and what is around it.
  function selected(root) {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!root.contains(range.commonAncestorContainer)) return null;
    let before = "", quote = "", after = "";
    for (const { node, text, whole } of pieces(root)) {
      const inside = range.intersectsNode(node);
      const from = inside && !whole && node === range.startContainer ? range.startOffset : 0;
      const to = inside && !whole && node === range.endContainer ? range.endOffset : text.length;
      if (inside) {
        if (!quote) before += text.slice(0, from);
        quote += text.slice(from, to);
        after += text.slice(to);
      } else if (quote) after += text;
      else before += text;
    }
    return quote.trim() && { quote, before: before.slice(-AROUND), after: after.slice(0, AROUND) };
  }

  const common = (one, other) => {
    let length = 0;
    while (length < one.length && one[length] === other[length]) length += 1;
    return length;
  };
  const backwards = (text) => [...text].reverse().join("");

  // Where a passage is in the text without white space: of several places the one with the most of what was around it.
  function place(text, item) {
    const [quote, before, after] = ["quote", "before", "after"].map((name) => squeeze(item.dataset[name]));
    let best = -1, most = -1;
    for (let at = quote ? text.indexOf(quote) : -1; at >= 0; at = text.indexOf(quote, at + 1)) {
      const alike = common(backwards(before), backwards(text.slice(Math.max(0, at - AROUND), at))) + common(after, text.slice(at + quote.length));
      if (alike > most) [best, most] = [at, alike];
    }
    return best < 0 ? null : [best, best + quote.length];
  }

  // Ranges of text nodes, and formulas, between two characters of the text without white space.
  function spans(parts, from, to) {
    const ranges = [], formulas = [];
    let at = 0;
    for (const { node, text, whole } of parts) {
      const length = squeeze(text).length;
      if (at < to && at + length > from && length) {
        if (whole) formulas.push(node);
        else {
          const range = new Range();
          range.setStart(node, offset(text, Math.max(from - at, 0)));
          range.setEnd(node, offset(text, Math.min(to - at, length) - 1) + 1);
          ranges.push(range);
        }
      }
      at += length;
    }
    return [ranges, formulas];
  }

  // The index in a text of its character with this index among those that are not white space.
  function offset(text, index) {
    for (let at = 0; at < text.length; at += 1) {
      if (/\s/.test(text[at])) continue;
      if (index === 0) return at;
      index -= 1;
    }
    return text.length;
  }

  function paint(root, list) {
    const parts = pieces(root);
    const text = squeeze(parts.map((part) => part.text).join(""));
    const painted = [];
    $$(".tex.highlit", root).forEach((node) => node.classList.remove("highlit"));
    for (const item of $$("[data-quote]", list)) {
      const found = place(text, item);
      if (!found) continue;
      const [ranges, formulas] = spans(parts, ...found);
      painted.push(...ranges);
      formulas.forEach((node) => node.classList.add("highlit"));
      const quote = $(".quote", item);
      quote.tabIndex = 0;
      quote.onclick = () => (ranges[0]?.startContainer.parentElement ?? formulas[0])?.scrollIntoView({ block: "center" });
      quote.onkeydown = (event) => event.key === "Enter" && quote.onclick();
    }
    if (window.Highlight && CSS.highlights) CSS.highlights.set("kept", new Highlight(...painted));
  }

  document.addEventListener("DOMContentLoaded", () => {
    const root = $(".post .text"), button = $("#highlighter"), list = $("#highlights");
    if (!root || !button) return;
    const repaint = () => paint(root, list);
    repaint();
    new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-formulas"] });
    document.addEventListener("selectionchange", () => { button.hidden = !selected(root); });

    async function add() {
      const chosen = selected(root);
      if (!chosen) return;
      const answer = await keep(list.dataset.post, "highlights", { ...chosen, quote: chosen.quote.trim() });
      if (!answer.ok) return say(button.dataset.failed);
      getSelection().removeAllRanges();
      const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
      list.replaceChildren(...$("#highlights", page).childNodes);
      list.hidden = false;
      repaint();
      set([list]);
    }
    button.addEventListener("pointerdown", (event) => event.preventDefault()); // which would end the selection
    button.addEventListener("click", add);
    document.addEventListener("keydown", (event) => {
      if (event.key === "h" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.matches("input, textarea, select")) add();
    });
  });
})();
