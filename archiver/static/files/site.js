// What a site of files adds to its pages: TeX to be copied, and reading without a network. All works without it.
"use strict";

{
  const { worker } = document.currentScript.dataset;

  document.addEventListener("DOMContentLoaded", () => {
    for (const node of $$(".tex[data-tex]")) node.dataset.tex = $("annotation", node).textContent;
    offerCopies(document);
    for (const node of $$(".tex.display[tabindex]")) node.removeAttribute("tabindex"); // the button is there to be reached
    tame(document);
    document.documentElement.dataset.formulas = "set";
    if (worker && "serviceWorker" in navigator && location.protocol.startsWith("http")) offerKeeping();
  });

  async function offerKeeping() {
    const place = $("#keep");
    try {
      await navigator.serviceWorker.register(worker);
    } catch {
      return; // a host without https
    }
    if (!place) return;
    const button = $("button", place);
    const status = $("[role=status]", place);
    navigator.serviceWorker.addEventListener("message", ({ data }) => {
      status.textContent = data.failed ? place.dataset.failed : data.kept < data.files ? `${Math.floor(100 * data.kept / data.files)} %` : place.dataset.kept;
      button.disabled = !data.failed && data.kept < data.files;
    });
    button.addEventListener("click", async () => {
      button.disabled = true;
      const registration = await navigator.serviceWorker.ready;
      registration.active.postMessage({ keep: new URL(place.dataset.files, location.href).href });
    });
    place.hidden = false;
  }
}
