// What people type into a search box, understood as `archiver search` understands it: archiver/store/search_query.py.
"use strict";

const archive = {};

{
  const QUOTES = { '"': '"', "“": "”", "”": "“", "＂": "＂", "「": "」" };
  const FIELD = /([A-Za-z]+)[:：]/y;
  const FIELDS = ["title", "tag", "category", "topic", "author", "after", "before", "year", "tex", "has", "in", "sort"];
  const DATE = /^([0-9]{4})(?:[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?)?$/;
  const TEX = /\\[A-Za-z]/;
  const APART = /[，。、；：？！…（）《》〈〉【】「」『』—·～“”‘’,;?!()[\]]+/u;
  const MOST_TERMS = 64;

  const isWide = (sign) => sign >= archive.FIRST_WIDE;
  const hasWords = (text) => /[\p{L}\p{N}]/u.test(text);

  archive.FIRST_WIDE = "\u2e80";
  archive.isWide = isWide;

  // A filter that this search does not know.
  archive.Unknown = class extends Error {};
  // A query that makes no sense.
  archive.Wrong = class extends Error {};

  archive.parse = (text) => {
    const pieces = cut(text.replace(/[\u200b\u2060]/g, "").replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ").replace(/[^\S ]/g, " "));
    if (pieces.length > MOST_TERMS) throw new archive.Wrong(`${pieces.length} > ${MOST_TERMS}`);
    const wanted = empty();
    const unwanted = empty();
    pieces.forEach((piece, at) => {
      const [before, after] = [pieces[at - 1], pieces[at + 1]];
      if (isOr(piece) && before && after && isWords(before) && isWords(after)) wanted.either = true;
      else add(piece.negated ? unwanted : wanted, piece);
    });
    return { ...wanted, without: unwanted };
  };

  const empty = () => ({ words: [], titles: [], tex: [], tags: [], categories: [], after: null, before: null, sort: "", either: false });
  const isTex = (piece) => !piece.quoted && TEX.test(piece.value) && ![...piece.value].some(isWide);
  const isOr = (piece) => piece.value === "OR" && !(piece.field || piece.quoted || piece.negated);
  const isWords = (piece) => !(piece.field || piece.negated || isTex(piece)) && hasWords(piece.value);

  function cut(text) {
    const found = [];
    let at = 0;
    while (at < text.length) {
      if (/\s/.test(text[at])) {
        at += 1;
        continue;
      }
      const negated = "-－".includes(text[at]) && at + 1 < text.length && !/\s/.test(text[at + 1]);
      if (negated) at += 1;
      FIELD.lastIndex = at;
      const name = FIELD.exec(text);
      const known = name && FIELDS.includes(name[1].toLowerCase());
      const field = known ? name[1].toLowerCase() : "";
      const [value, quoted, end] = valueAt(text, known ? at + name[0].length : at);
      if (value || field) found.push({ field, value, quoted, negated });
      at = Math.max(end, at + 1);
    }
    return found;
  }

  function valueAt(text, at) {
    const closing = QUOTES[text[at]];
    if (closing) {
      const end = text.indexOf(closing, at + 1);
      return end < 0 ? [text.slice(at + 1).trim(), true, text.length] : [text.slice(at + 1, end).trim(), true, end + 1];
    }
    const rest = /^\S*/.exec(text.slice(at))[0];
    return [rest, false, at + rest.length];
  }

  function add(to, piece) {
    if (!piece.field) return addWords(to, to.words, piece, !piece.quoted);
    if (!piece.value) throw new archive.Wrong(`${piece.field}:`);
    if (piece.field === "title") return addWords(to, to.titles, piece, false);
    if (piece.field === "tex") return to.tex.push(piece.value);
    if (piece.field === "tag") return to.tags.push(piece.value);
    if (piece.field === "category") return to.categories.push(piece.value);
    if (piece.negated) throw new archive.Wrong(`-${piece.field}:`);
    if (piece.field === "sort") {
      if (!["newest", "oldest"].includes(piece.value.toLowerCase())) throw new archive.Wrong(`sort:${piece.value}`);
      to.sort = piece.value.toLowerCase();
    } else if (piece.field === "year") {
      const year = day(piece);
      if (year.length !== 4) throw new archive.Wrong(`year:${piece.value}`);
      later(to, year);
      earlier(to, String(Number(year) + 1).padStart(4, "0"));
    } else if (piece.field === "after") later(to, day(piece));
    else if (piece.field === "before") earlier(to, day(piece));
    else throw new archive.Unknown(`${piece.field}:`);
  }

  const later = (to, date) => (to.after = to.after && to.after > date ? to.after : date);
  const earlier = (to, date) => (to.before = to.before && to.before < date ? to.before : date);

  function day(piece) {
    const [, year, month, date] = DATE.exec(piece.value) ?? [];
    if (!year || month === "0" || month > 12 || date > 31 || Number(month ?? 1) < 1 || Number(date ?? 1) < 1) {
      throw new archive.Wrong(`${piece.field}:${piece.value}`);
    }
    return [year, month, date].filter(Boolean).map((part) => part.padStart(2, "0")).join("-");
  }

  function addWords(builder, to, piece, tex) {
    if (tex && isTex(piece)) return builder.tex.push(piece.value);
    let found;
    if (piece.quoted) found = hasWords(piece.value) ? [term(piece.value.replace(/\*+$/, ""), true, false)] : [];
    else found = piece.value.split(APART).filter(hasWords).map(begun);
    if (builder.either && to.length) {
      to[to.length - 1].others.push(...found.slice(0, 1));
      found = found.slice(1);
    }
    builder.either = false;
    to.push(...found);
  }

  const term = (text, exact, begins) => ({ text, exact, begins, others: [] });

  function begun(part) {
    const text = part.replace(/\*+$/, "");
    return term(text, false, text !== part && !isWide([...text].at(-1)));
  }
}
