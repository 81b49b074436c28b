// The reader's own script: sets formulas, copies TeX, searches as you type. Every page works without it, save formulas.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const files = new URL(".", document.currentScript.src).href; // those of the program, below the blog's own path
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/* Formulas */

const DELIMITERS = [[/^\$\$([\s\S]*)\$\$$/, true], [/^\\\[([\s\S]*)\\\]$/, true], [/^\\\(([\s\S]*)\\\)$/, false], [/^\$([\s\S]*)\$$/, false]];
const LABEL = /\\label\s*\{([^{}]*)\}/g;
const labels = new Set();

function inner(source) {
  for (const [pattern, display] of DELIMITERS) {
    const found = pattern.exec(source);
    if (found) return [found[1], display];
  }
  return [source, source.startsWith("\\begin")];
}

// A label that comes again, in a comment that quotes the post or in the other column, would be an error.
function once(tex) {
  return tex.replace(LABEL, (whole, name) => (labels.has(name) ? "" : (labels.add(name), whole)));
}

// A formula by itself, among search results, needs what its post defined before it.
const defined = (node) => node.closest("[data-macros]")?.dataset.macros ?? "";

function find(doc) {
  for (const root of doc.options.elements || []) {
    for (const node of root.matches(".tex") ? [root] : $$(".tex", root)) {
      if (node.dataset.tex !== undefined || node.closest("details:not([open])")) continue;
      const source = node.textContent;
      const [tex, display] = inner(source);
      node.dataset.tex = source;
      const text = document.createTextNode("");
      node.replaceChildren(text);
      const item = new doc.options.MathItem(defined(node) + once(tex), doc.inputJax[0], display);
      item.start = { node: text, delim: "", n: 0 };
      item.end = { node: text, delim: "", n: 0 };
      doc.math.push(item);
    }
  }
}

// As MathJax 2.7 on the blog: what is in \text is text, such as the line in \text{stop_gradient}, and no TeX.
window.MathJax = {
  loader: { load: ["ui/safe"], paths: { mathjax: `${files}mathjax` } },
  tex: { tags: "ams", packages: { "[-]": ["bussproofs", "textmacros"] }, maxMacros: 10000, noundefined: { color: "inherit" } },
  chtml: { fontURL: `${files}mathjax/output/chtml/fonts/woff-v2`, matchFontHeight: true },
  options: {
    enableMenu: false,
    renderActions: { find: [10, find, ""] },
    safeOptions: { idPattern: /^mjx-/ }, // the targets of \eqref
  },
  startup: {
    typeset: false,
    ready() {
      MathJax.startup.defaultReady();
      MathJax.startup.promise.then(setAll);
    },
  },
};

let queue = Promise.resolve();

function set(roots, fresh = false) {
  queue = queue.then(async () => {
    if (!window.MathJax.typesetPromise || !roots.length) return;
    if (fresh) {
      labels.clear();
      MathJax.texReset();
    }
    await MathJax.typesetPromise(roots);
    roots.forEach(offerCopies);
    nameLinks(document); // a reference to what came later is drawn anew
  });
  return queue;
}

async function setAll() {
  const scopes = $$("[data-scope]");
  const post = $(".post .text");
  if (post) await set([$(".post h1"), post, ...$$(".contents, .facts, .neighbours, .overline")].filter(Boolean));
  await set($$("main h1, main > .equation, .head p, .entries, .counts, .short, .rows, #results"));
  for (const side of [".before", ".after"]) await set(scopes.filter((node) => node.matches(side)), true);
  for (const node of $$(".comments > [data-math]")) {
    await set([node]);
    await new Promise(requestAnimationFrame);
  }
  await document.fonts.ready; // widths are right only now
  tame(document);
  document.documentElement.dataset.formulas = "set";
  if (location.hash) reveal();
}

// What is wider than its line scrolls by itself, not the page.
function tame(root) {
  const formulas = $$(".tex[data-tex]:not(.display)", root);
  formulas.forEach((node) => {
    node.classList.remove("long");
    node.removeAttribute("tabindex");
  });
  const long = formulas.filter((node) => {
    const block = node.parentElement.closest("p, li, h1, h2, h3, h4, h5, h6, td, th, div, blockquote");
    return node.getBoundingClientRect().right > block.getBoundingClientRect().right + 1;
  });
  for (const node of long) {
    node.classList.add("long");
    if (!$("[tabindex]", node)) node.tabIndex = 0; // what scrolls is to be reached by keys
  }
}

let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => tame(document), 150);
});

// A link inside a formula is to be reached and named; elsewhere the spoken form stands for what is drawn.
function nameLinks(root) {
  for (const link of $$(".tex mjx-math a", root)) {
    const container = link.closest("mjx-container");
    $("mjx-math", container).removeAttribute("aria-hidden");
    $("mjx-assistive-mml", container)?.remove();
    link.setAttribute("aria-label", link.closest(".tex").dataset.tex);
  }
}

function offerCopies(root) {
  for (const node of $$(".tex.display", root)) {
    if ($("button", node)) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "TeX";
    button.setAttribute("aria-label", $("#toast").dataset.copyTex);
    node.append(button);
  }
}

document.addEventListener("toggle", (event) => {
  if (event.target.open && event.target.closest(".comments")) set([event.target]).then(() => tame(event.target));
}, true);

/* Copying */

let fading;

function say(words) {
  const toast = $("#toast");
  toast.textContent = words;
  toast.classList.add("shown");
  clearTimeout(fading);
  fading = setTimeout(() => toast.classList.remove("shown"), 1600);
}

async function copy(text, words) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea"); // where the clipboard is for secure pages only
    area.value = text;
    area.className = "hidden";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(words);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) return copy($("#" + button.dataset.copy).textContent, $("#toast").dataset.copied);
  const formula = event.target.closest(".tex[data-tex]");
  if (formula && !event.target.closest("a") && getSelection().isCollapsed) {
    event.preventDefault();
    copy(formula.dataset.tex, $("#toast").dataset.tex);
  }
});

/* Anchors inside what is folded, and on formulas that were not set yet */

function reveal() {
  let name;
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    return;
  }
  const target = name && document.getElementById(name);
  if (!target) return;
  for (let node = target.closest("details:not([open])"); node; node = node.parentElement.closest("details:not([open])")) node.open = true;
  target.scrollIntoView({ block: name.startsWith("mjx-") ? "center" : "start" });
}
addEventListener("hashchange", reveal);

/* Keys */

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const box = $("[data-focus]");
    if (box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form && event.target.matches("textarea")) event.target.form.requestSubmit();
});

/* The contents list follows the text, and is folded where there is no room beside it */

function followText() {
  const links = new Map($$(".contents a").map((link) => [link.hash.slice(1), link]));
  if (!links.size) return;
  if (matchMedia("(max-width: 76rem)").matches) $(".contents details").open = false;
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "0px 0px -75% 0px" });
  $$(".text [id]").forEach((heading) => seen.observe(heading));
}

/* Search as you type */

function searchAsYouType() {
  const form = $("#search");
  if (!form) return;
  const results = $("#results");
  let asked = new URLSearchParams(new FormData(form)).toString();
  let waiting, running;

  async function ask() {
    const parameters = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    const address = parameters.toString();
    if (address === asked) return;
    asked = address;
    running?.abort();
    running = new AbortController();
    results.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action + "?" + address, { signal: running.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      results.replaceChildren(...$("#results", page).childNodes);
      history.replaceState(null, "", form.action + (address ? "?" + address : ""));
      document.title = page.title;
      set([results], true).then(() => tame(results));
      results.setAttribute("aria-busy", "false");
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("compositionend", soon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.matches("select") || event.isComposing) return;
    const links = $$(".hit > a", results);
    const at = links.indexOf(document.activeElement);
    if (at < 0 && !event.target.matches("[data-focus]")) return;
    event.preventDefault();
    (at + step < 0 ? $("[data-focus]") : links[Math.min(at + step, links.length - 1)])?.focus();
  });
}

document.addEventListener("DOMContentLoaded", () => {
  followText();
  searchAsYouType();
  if (location.hash) reveal();
});
