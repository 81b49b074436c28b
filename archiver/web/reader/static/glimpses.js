// What is behind a link, shown beside it on hover, focus and touch: an equation, a post's first lines, a paper's title.
"use strict";

{
  const words = document.currentScript.dataset;
  const posts = `${words.root}/posts/`;
  const fetched = new Map();
  const names = new WeakMap(); // the titles that the browser would show a second time
  const card = document.createElement("div");
  const wayBack = document.createElement("button");
  let shownFor, waiting, left;

  card.className = "glimpse";
  card.id = "glimpse";
  card.hidden = true;
  wayBack.className = "way-back";
  wayBack.type = "button";
  wayBack.textContent = `↩ ${words.back}`;
  wayBack.hidden = true;
  document.body.append(card, wayBack);

  const linkOf = (target) => target.closest?.(".text a[href], .words a[href], .facts a[href]");

  function equation(link) {
    const hash = link.getAttribute("href");
    return hash.startsWith("#mjx-eqn") ? document.getElementById(decodeURIComponent(hash.slice(1)))?.closest(".tex") : null;
  }

  function drawnEquation(node, link) {
    const copy = node.cloneNode(true);
    $$("[id]", copy).forEach((each) => each.removeAttribute("id"));
    $$("a", copy).forEach((each) => each.removeAttribute("href"));
    const go = document.createElement("a");
    go.className = "go";
    go.href = link.getAttribute("href");
    go.textContent = words.go;
    return [copy, go];
  }

  function paper(name, link) {
    const title = document.createElement("p");
    title.textContent = name;
    const host = document.createElement("p");
    host.className = "quiet";
    host.textContent = link.hostname;
    return [title, host];
  }

  async function firstLines(path) {
    if (!fetched.has(path)) {
      const answer = await fetch(`${path}/glimpse`);
      if (!answer.ok) return null;
      const part = new DOMParser().parseFromString(await answer.text(), "text/html");
      fetched.set(path, $("article", part));
    }
    return [fetched.get(path).cloneNode(true)];
  }

  // A title that the browser shows by itself would stand beside the card.
  function nameOf(link) {
    if (link.hasAttribute("title")) {
      names.set(link, link.title);
      link.removeAttribute("title");
    }
    return names.get(link);
  }

  const leadsToAnotherPost = (path) => path.startsWith(posts) && /^\d+$/.test(path.slice(posts.length)) && path !== location.pathname;

  async function contentOf(link) {
    const node = equation(link);
    if (node) return drawnEquation(node, link);
    const name = nameOf(link);
    if (link.origin !== location.origin) return name ? paper(name, link) : null;
    return leadsToAnotherPost(link.pathname) ? firstLines(link.pathname) : null;
  }

  async function show(link) {
    shownFor = link;
    const content = await contentOf(link);
    if (shownFor !== link || !content) return;
    card.replaceChildren(...content);
    card.hidden = false;
    place(link);
    link.setAttribute("aria-describedby", "glimpse");
    if ($("article", card)) {
      await set([card]);
      if (shownFor === link) place(link);
    }
  }

  function place(link) {
    const at = link.getClientRects()[0];
    if (!at) return hide();
    const { width, height } = card.getBoundingClientRect();
    const below = at.bottom + 6 + height <= innerHeight || at.top - 6 - height < 0;
    card.style.left = `${scrollX + Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8))}px`;
    card.style.top = `${scrollY + (below ? at.bottom + 6 : at.top - 6 - height)}px`;
  }

  function hide() {
    clearTimeout(waiting);
    shownFor?.removeAttribute("aria-describedby");
    shownFor = undefined;
    card.hidden = true;
  }

  function soon(action, delay) {
    clearTimeout(waiting);
    waiting = setTimeout(action, delay);
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const link = linkOf(event.target);
    if (link && link !== shownFor) soon(() => (hide(), show(link)), 180);
    else if (link || card.contains(event.target)) clearTimeout(waiting);
    else if (shownFor && shownFor !== document.activeElement) soon(hide, 250);
    else clearTimeout(waiting);
  });
  document.addEventListener("focusin", (event) => {
    if (card.contains(event.target)) return clearTimeout(waiting);
    const link = event.target.matches(":focus-visible") && linkOf(event.target);
    hide();
    if (link) show(link);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });

  // A finger does not hover: the first touch shows the equation, which names the way there.
  let touched = false;
  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
    if (touched && !card.contains(event.target) && linkOf(event.target) !== shownFor) hide();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#mjx-eqn']");
    if (!link) return;
    const from = card.contains(link) ? shownFor : link;
    if (touched && from === link && shownFor !== link) {
      event.preventDefault();
      show(link);
      return;
    }
    left = { link: from, x: scrollX, y: scrollY, address: location.href };
    hide();
    wayBack.hidden = false;
  });
  wayBack.addEventListener("click", () => {
    history.replaceState(null, "", left.address);
    scrollTo(left.x, left.y);
    left.link?.focus({ preventScroll: true });
    wayBack.hidden = true;
  });
}
