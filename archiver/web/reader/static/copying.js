// What is selected is copied as Markdown, its formulas between dollar signs, where a formula or other markup is in it.
"use strict";

(() => {
  const BLOCK = "p, div, section, article, header, figure, figcaption, h1, h2, h3, h4, h5, h6, ul, ol, li, dl, dt, dd, pre, blockquote, table, tr, details, summary, hr";
  const LEFT_OUT = "button, script, style, noscript, .copy, mjx-assistive-mml";
  const MARKS = { STRONG: "**", B: "**", EM: "_", I: "_", S: "~~", DEL: "~~" };

  // As the export writes them: every editor of Markdown knows formulas between dollar signs alone.
  function formula(node) {
    const [tex, display] = inner(node.dataset.tex ?? node.textContent);
    return display ? `$$${tex}$$` : `$${tex.trim()}$`;
  }

  const within = (node) => [...node.childNodes].map(written).join("");
  const lines = (text, first, further) => first + text.trim().replace(/\n/g, `\n${further}`);
  const block = (text) => (text.trim() ? `\n\n${text.trim()}\n\n` : "");

  function listing(node) {
    const text = node.textContent.replace(/\n$/, "");
    const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map((run) => run[0].length + 1)));
    return `\n\n${fence}\n${text}\n${fence}\n\n`;
  }

  function table(node) {
    const rows = $$("tr", node).map((row) => $$("th, td", row).map((cell) => within(cell).trim().replace(/\s+/g, " ").replace(/\|/g, "\\|")));
    if (!rows.length) return "";
    const width = Math.max(...rows.map((row) => row.length));
    const line = (cells) => `| ${[...cells, ...Array(width - cells.length).fill("")].join(" | ")} |`;
    return `\n\n${[line(rows[0]), line(Array(width).fill("---")), ...rows.slice(1).map(line)].join("\n")}\n\n`;
  }

  function written(node) {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.data.replace(/\s+/g, " ");
      return node.previousSibling?.matches?.(".display") ? text.trimStart() : text;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches(LEFT_OUT)) return "";
    if (node.matches(".tex")) return node.matches(".display") ? `\n${formula(node)}\n` : formula(node);
    switch (node.tagName) {
      case "BR": return "\n";
      case "HR": return "\n\n---\n\n";
      case "PRE": return listing(node);
      case "CODE": return "`" + node.textContent + "`";
      case "TABLE": return table(node);
      case "BLOCKQUOTE": return block(lines(within(node).replace(/\n{3,}/g, "\n\n"), "> ", "> "));
      case "LI": {
        const list = node.parentElement;
        const sign = list?.tagName === "OL" ? `${(list.start || 1) + [...list.children].indexOf(node)}. ` : "- ";
        return `\n${lines(within(node).replace(/\n{2,}/g, "\n"), sign, " ".repeat(sign.length))}\n`;
      }
      case "UL": case "OL": return block(within(node).replace(/\n\s*\n/g, "\n"));
      case "IMG": return `![${node.alt}](${new URL(node.src).searchParams.get("url") ?? node.src})`; // the blog's own address
      case "A": {
        const text = within(node);
        return node.getAttribute("href")?.startsWith("#") || !text.trim() || !node.href ? text : `[${text}](${node.href})`;
      }
    }
    const text = within(node);
    const mark = MARKS[node.tagName];
    if (mark && text.trim()) return text.replace(/^(\s*)([\s\S]*?)(\s*)$/, `$1${mark}$2${mark}$3`);
    if (/^H[1-6]$/.test(node.tagName)) return block("#".repeat(+node.tagName[1]) + " " + text.trim());
    return node.matches(BLOCK) ? block(text) : text;
  }

  // A formula is whole or not there: half of one is no TeX.
  function widened(range) {
    const whole = range.cloneRange();
    const at = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(".tex[data-tex]");
    const first = at(range.startContainer), last = at(range.endContainer);
    if (first) whole.setStartBefore(first);
    if (last) whole.setEndAfter(last);
    return whole;
  }

  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (selection.isCollapsed || event.target.closest?.("textarea, input")) return;
    const range = widened(selection.getRangeAt(0));
    const piece = range.cloneContents();
    if (!$(".tex", piece)) return; // plain text is copied best by the browser
    // A piece of a list or a table begins without it.
    const around = range.commonAncestorContainer;
    const home = around.nodeType === Node.ELEMENT_NODE ? around : around.parentElement;
    const holder = home.matches("ul, ol, table, tbody, tr") ? home.cloneNode(false) : document.createElement("div");
    holder.append(piece);
    const root = document.createElement("div");
    root.append(holder);
    const text = within(root).replace(/[ \t]+\n/g, "\n").replace(/\n{3,}/g, "\n\n").trim();
    event.clipboardData.setData("text/plain", text + (text.includes("\n") ? "\n" : ""));
    event.preventDefault();
  });
})();
