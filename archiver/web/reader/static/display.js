// How the text looks, as its reader chose: kept in the browser, and set before anything is drawn. So is what needs scripts.
"use strict";

{
  const KEY = "archiver-display";
  const page = document.documentElement;
  page.dataset.scripts = "on"; // what needs a script is shown only where one runs

  function kept() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      return {}; // a browser that keeps nothing, or something that is not ours
    }
  }

  function keep(chosen) {
    try {
      localStorage.setItem(KEY, JSON.stringify(chosen));
    } catch {
      // it then holds for this page
    }
  }

  function show(chosen) {
    for (const name of ["theme", "size", "width", "face"]) {
      if (chosen[name]) page.dataset[name] = chosen[name];
      else delete page.dataset[name];
    }
  }

  const chosen = kept();
  show(chosen);

  document.addEventListener("DOMContentLoaded", () => {
    const menu = document.querySelector(".display");
    if (!menu) return;
    menu.hidden = false;
    const form = menu.querySelector("form");
    for (const field of form.elements) field.checked = field.type === "radio" && field.value === (chosen[field.name] ?? "");
    form.addEventListener("change", (event) => {
      chosen[event.target.name] = event.target.value;
      keep(chosen);
      show(chosen);
      dispatchEvent(new Event("resize")); // formulas have another width now
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    document.addEventListener("pointerdown", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  addEventListener("storage", (event) => {
    if (event.key === KEY) show(kept());
  });
}
