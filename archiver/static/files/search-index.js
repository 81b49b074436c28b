// The index of a site, asked: words, phrases and TeX, in the order of `archiver search`.
"use strict";

{
  const files = new URL(".", new URL($("#find").dataset.index, location.href));
  const SPACE = "\u200b"; // as in archiver/store/cjk.py
  const BREAK = "\u2060";
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const [K1, B] = [1.2, 0.75]; // of bm25, as SQLite's FTS5 has them
  const FEW = 10; // exact hits, from which on no related ones follow
  const [MOST_RELATED, LEAST_SHARE, TITLE_BONUS, MOST_GRAMS, LEAST_TERMS] = [50, 0.25, 2, 100, 2]; // archiver/store/coverage.py

  const kinds = new Map();
  const shards = new Map();
  const texts = new Map();
  const held = new Map();
  const loading = new Map();
  let about;

  archive.index = (found) => {
    about = found;
    for (const kind of found.kinds) {
      const rows = kind.rows.map(([id, title, date, categories, tags, tokens, script], place) => ({ place, id, title, date, categories, tags, tokens, script, kind: kind.name }));
      kinds.set(kind.name, { ...kind, rows, average: kind.tokens / Math.max(1, rows.length) });
    }
  };
  archive.shard = (name, number, keys) => shards.set(`${name}-${number}`, new Map(Object.entries(keys)));
  archive.text = (kind, number, text) => texts.set(`${kind}/${number}`, text);

  // Scripts may be loaded from wherever a page is, also from a file; data may not.
  function load(name) {
    if (!loading.has(name)) {
      loading.set(name, new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = new URL(`${name}.js`, files);
        script.onload = () => done(script.remove());
        script.onerror = () => {
          loading.delete(name);
          failed(new Error(name));
        };
        document.head.append(script);
      }));
    }
    return loading.get(name);
  }

  archive.ready = () => load("index");
  archive.textOf = async (row) => {
    await load(`${row.kind}/${row.script}`);
    return texts.get(`${row.kind}/${row.id}`);
  };

  /* Words, as archiver/store/search_words.py cuts them */

  const WIDE = "[\\u{2e80}-\\u{10ffff}]";
  const LETTER = "[\\p{L}\\p{N}]";
  const SIGN = "[^\\p{L}\\p{N}]";
  const GAP = new RegExp(`(?<=${WIDE})${SIGN}+(?=${LETTER})|(?<=${LETTER})${SIGN}+(?=${WIDE})`, "gu");
  const RUN = new RegExp(`${WIDE}+`, "gu");
  const TOKEN = /[\p{L}\p{N}\p{Co}]/u;
  const known = new Map([[BREAK, BREAK], [SPACE, " "]]);

  function fold(sign) {
    let made = known.get(sign);
    if (made === undefined) {
      made = Object.hasOwn(about.folded, sign) ? about.folded[sign] : TOKEN.test(sign) ? sign.toLowerCase() : " ";
      known.set(sign, made);
    }
    return made;
  }

  function spaced(text) {
    const parted = text.replace(/[\u200b\u2060]/g, "").replace(GAP, (gap, at, whole) => {
      const latin = !archive.isWide(whole[at - 1]) || !archive.isWide(whole[at + gap.length]);
      return latin && /^[^\S\n]+$/.test(gap) ? gap : gap + BREAK + SPACE;
    });
    return parted.replace(RUN, (run) => SPACE + [...run].join(SPACE) + SPACE);
  }

  function words(text) {
    let made = "";
    for (const sign of spaced(text)) made += fold(sign);
    return made.split(/\s+/).filter(Boolean);
  }

  const wide = (word) => word === BREAK || (word.codePointAt(0) >= 0x2e80 && word.length === String.fromCodePoint(word.codePointAt(0)).length);
  const hold = (list) => list.map((word) => (wide(word) ? word : ` ${word} `)).join("");
  archive.held = (text) => hold(words(text)); // what a test compares

  function phrase(spelling) {
    const begins = spelling.endsWith("*");
    const list = words(begins ? spelling.slice(0, -1) : spelling);
    const pairs = new Set();
    list.forEach((word, at) => {
      const before = list[at - 1];
      if (at && wide(before) && wide(word) && before !== BREAK && word !== BREAK) pairs.add(before + word);
    });
    const whole = begins ? list.slice(0, -1) : list;
    const alone = whole.filter((word) => word !== BREAK && ![...pairs].some((pair) => pair.includes(word)));
    const telling = [...new Set([...pairs, ...alone.map((word) => [...word].slice(0, about.longestKey).join(""))])];
    const text = begins ? hold(list).replace(/ $/, "") : hold(list);
    return { list, begins, telling, text, isChinese: list.every((word) => /^\p{Script=Han}$/u.test(word)), isKey: !begins && telling.length === 1 && telling[0] === text.trim() };
  }

  /* Rows that have something */

  const shardOf = async (kind, what, key) => {
    const name = `${kind.name}-${what}-${key.codePointAt(0) % kind.shards[what]}`;
    await load(name);
    return shards.get(name);
  };

  function* numbers(letters) {
    let [value, scale] = [0, 1];
    for (const letter of letters) {
      const digit = DIGITS.indexOf(letter);
      value += (digit & 31) * scale;
      if (digit & 32) scale *= 32;
      else {
        yield value;
        [value, scale] = [0, 1];
      }
    }
  }

  // How often a key is in title and text, by place.
  function counts(letters = "") {
    const found = new Map();
    const next = numbers(letters);
    let place = 0;
    for (let step = next.next(); !step.done; step = next.next()) {
      place += step.value;
      const told = next.next().value;
      found.set(place, [told % 2 ? next.next().value : 0, Math.floor(told / 2)]);
    }
    return found;
  }

  function places(letters = "") {
    const found = new Set();
    let place = 0;
    for (const step of numbers(letters)) found.add((place += step));
    return found;
  }

  const both = (one, other) => new Set([...one].filter((each) => other.has(each)));

  async function beginning(kind, word) {
    const found = new Map();
    for (const [key, letters] of await shardOf(kind, "words", word)) {
      if (!key.startsWith(word) || archive.isWide(key)) continue;
      for (const [place, [title, text]] of counts(letters)) {
        const [before, there] = found.get(place) ?? [0, 0];
        found.set(place, [before + title, there + text]);
      }
    }
    return found;
  }

  function times(text, sought) {
    let number = 0;
    for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1)) number += 1;
    return number;
  }

  // Chinese characters stand one after the other in a text's words just where they do in the text.
  async function sourceOf(row) {
    const { text } = await archive.textOf(row);
    return [row.title, text].map((each) => each.replace(/[\u200b\u2060]/g, ""));
  }

  async function heldOf(row) {
    const name = `${row.kind}/${row.id}`;
    if (!held.has(name)) held.set(name, [archive.held(row.title), archive.held((await archive.textOf(row)).text)]);
    return held.get(name);
  }

  async function withPhrase(kind, spelling) {
    const sought = phrase(spelling);
    if (!sought.list.length) return new Map();
    if (sought.isKey) return counts((await shardOf(kind, "words", sought.telling[0])).get(sought.telling[0]));
    if (sought.begins && sought.list.length === 1) return beginning(kind, sought.list[0]);
    let candidates;
    const having = await Promise.all(sought.telling.map(async (key) => counts((await shardOf(kind, "words", key)).get(key))));
    if (sought.begins) having.push(await beginning(kind, sought.list.at(-1)));
    for (const each of having) candidates = candidates ? both(candidates, each) : new Set(each.keys());
    const found = new Map();
    await Promise.all([...(candidates ?? [])].map(async (place) => {
      const number = (await (sought.isChinese ? sourceOf : heldOf)(kind.rows[place])).map((text) => times(text, sought.text));
      if (number[0] || number[1]) found.set(place, number);
    }));
    return found;
  }

  async function withTex(kind, tex) {
    const signs = [...tex];
    const grams = signs.slice(2).map((sign, at) => signs[at] + signs[at + 1] + sign);
    let candidates = new Set(kind.rows.keys());
    for (const gram of new Set(grams)) candidates = both(candidates, places((await shardOf(kind, "tex", gram)).get(gram)));
    const found = new Map();
    await Promise.all([...candidates].map(async (place) => {
      const number = formulas(await archive.textOf(kind.rows[place])).filter((each) => each.includes(tex)).length;
      if (number) found.set(place, number);
    }));
    return found;
  }

  const formulas = (held) => [...held.formulas.map(([start, length]) => held.text.slice(start, start + length)), ...held.others];

  /* Queries */

  let conversions;

  function simplified(text) {
    if (!conversions) {
      const [from, to] = about.simplified.map((signs) => [...signs]);
      conversions = new Map(from.map((sign, at) => [sign, to[at]]));
    }
    return [...text].map((sign) => conversions.get(sign) ?? sign).join("");
  }

  const spellings = (term) => [...new Set([term, ...term.others].flatMap(({ text }) => [text, simplified(text)].map((each) => each + (term.begins ? "*" : ""))))];

  // Rows with a term, each with what it adds to the score.
  async function withTerm(kind, term, titled) {
    const found = new Map();
    for (const spelling of spellings(term)) {
      let rows = [...(await withPhrase(kind, spelling))];
      if (titled) rows = rows.filter(([, [title]]) => title);
      const weight = Math.log((kind.rows.length - rows.length + 0.5) / (rows.length + 0.5));
      for (const [place, [title, text]] of rows) {
        const number = about.titleWeight * title + (titled ? 0 : text);
        const length = kind.rows[place].tokens / kind.average;
        const score = ((weight > 0 ? weight : 1e-6) * number * (K1 + 1)) / (number + K1 * (1 - B + B * length));
        found.set(place, (found.get(place) ?? 0) + score);
      }
    }
    return found;
  }

  const alike = (one, other) => one.replace(/[A-Z]/g, (sign) => sign.toLowerCase()) === other.replace(/[A-Z]/g, (sign) => sign.toLowerCase());
  const tests = (query) => [
    ...query.tags.map((tag) => (row) => row.tags.some((each) => alike(each, tag))),
    ...query.categories.map((wanted) => (row) => row.categories.some((names) => names.some((each) => alike(each, wanted)))),
    ...(query.after ? [(row) => row.date && row.date >= query.after] : []),
    ...(query.before ? [(row) => row.date && row.date < query.before] : []),
  ];

  // The places that fulfil a query, each with its score, and how many formulas hold the first TeX.
  async function matching(kind, query) {
    const narrowed = tests(query);
    if (kind.name === "pages" && narrowed.length) return new Map();
    let found = new Map(kind.rows.map((row) => [row.place, 0]));
    for (const [terms, titled] of [[query.words, false], [query.titles, true]]) {
      for (const term of terms) {
        const rows = await withTerm(kind, term, titled);
        found = new Map([...found].filter(([place]) => rows.has(place)).map(([place, score]) => [place, score + rows.get(place)]));
      }
    }
    for (const tex of query.tex) {
      const rows = await withTex(kind, tex);
      found = new Map([...found].filter(([place]) => rows.has(place)));
    }
    const drop = async (rows) => {
      for (const place of (await rows).keys()) found.delete(place);
    };
    for (const term of query.without.words) await drop(withTerm(kind, term, false));
    for (const term of query.without.titles) await drop(withTerm(kind, term, true));
    for (const tex of query.without.tex) await drop(withTex(kind, tex));
    const refused = kind.name === "pages" ? [] : tests(query.without);
    for (const place of [...found.keys()]) {
      const row = kind.rows[place];
      if (!narrowed.every((test) => test(row)) || refused.some((test) => test(row))) found.delete(place);
    }
    return found;
  }

  async function exact(kind, query) {
    const found = await matching(kind, query);
    const order = [...found.keys()].sort((one, other) => one - other);
    if (query.sort === "oldest") {
      const date = (place) => kind.rows[place].date ?? "\uffff";
      order.sort((one, other) => (date(one) < date(other) ? -1 : date(one) > date(other) ? 1 : kind.rows[one].id - kind.rows[other].id));
    } else if (!query.sort && query.words.length + query.titles.length) {
      order.sort((one, other) => found.get(other) - found.get(one) || one - other);
    } else if (!query.sort && query.tex.length && kind.name === "posts") {
      const number = await withTex(kind, query.tex[0]);
      order.sort((one, other) => number.get(other) - number.get(one) || one - other);
    }
    return order;
  }

  function grams(texts) {
    const found = new Set();
    for (const text of texts) {
      for (const [run] of text.matchAll(/[\u{2e80}-\u{10ffff}]+|(?:(?![\u{2e80}-\u{10ffff}])[\p{L}\p{N}])+/gu)) {
        if (!archive.isWide(run)) found.add(run.toLowerCase());
        else {
          for (const part of run.split(/[^\p{L}\p{N}]+/u).filter(Boolean)) {
            const signs = [...part];
            for (let at = 0; at < Math.max(1, signs.length - 1); at += 1) found.add(signs.slice(at, at + 2).join(""));
          }
        }
      }
    }
    return [...found].slice(0, MOST_GRAMS);
  }

  archive.looseTerms = (query) => grams(query.words.filter((word) => !word.exact).flatMap(spellings));

  async function related(kind, query) {
    const terms = archive.looseTerms(query);
    if (terms.length < LEAST_TERMS) return [];
    const scores = new Map();
    const add = (place, weight) => scores.set(place, (scores.get(place) ?? 0) + weight);
    for (const each of terms) {
      const rows = await withPhrase(kind, each);
      const weight = Math.log(1 + (kind.rows.length - rows.size + 0.5) / (rows.size + 0.5));
      for (const place of rows.keys()) add(place, weight);
      for (const [place, [title]] of rows) if (title) add(place, TITLE_BONUS * weight);
    }
    const least = LEAST_SHARE * Math.max(0, ...scores.values());
    const near = [...scores].filter(([, score]) => score >= least);
    near.sort(([one, a], [other, b]) => b - a || kind.rows[other].id - kind.rows[one].id);
    const allowed = await matching(kind, { ...query, words: query.words.filter((word) => word.exact) });
    const all = await matching(kind, query);
    return near.map(([place]) => place).filter((place) => allowed.has(place) && !all.has(place)).slice(0, MOST_RELATED);
  }

  // What a query finds: rows that match all of it, posts before pages; where they are few, those that cover most of it.
  archive.find = async (text) => {
    await archive.ready();
    const query = archive.parse(text);
    const asked = [query, query.without].some((one) => [one.words, one.titles, one.tex, tests(one)].some((list) => list.length));
    if (!asked) return null;
    const found = [];
    for (const kind of kinds.values()) found.push(...(await exact(kind, query)).map((place) => kind.rows[place]));
    const posts = kinds.get("posts");
    const fewer = found.length < FEW ? (await related(posts, query)).map((place) => posts.rows[place]) : [];
    return { query, exact: found, related: fewer };
  };

  archive.marked = (query, isRelated) => {
    const terms = [...query.words, ...query.titles];
    if (!isRelated) return terms.flatMap(spellings);
    return [...terms.filter((term) => term.exact).map((term) => term.text), ...archive.looseTerms(query)];
  };
}
