"use strict";
// A task of its own, after the page has been shown; what is large is parsed when it is first asked for.
setTimeout(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const once = (id) => { let value; return () => value ||= JSON.parse(byId(id).textContent); };
  const evidence = once("data-evidence"), details = once("data-details");
  const SVG = "http://www.w3.org/2000/svg";
  const rows = [...document.querySelectorAll("details.row")];
  const place = new Map(data.rows.map((name, number) => [name, number]));
  const many = (n, one, more) => `${n.toLocaleString("en")} ${n === 1 ? one : more || one + "s"}`;
  const text = (number) => data.strings[number];

  function el(tag, properties, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(properties || {})) {
      if (key in made) made[key] = value; else made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  function say(words) {
    byId("said").textContent = words;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { byId("said").textContent = ""; }, 4000);
  }

  // ---- long work in short turns, so that the page answers meanwhile ----

  const TURN = 20;
  const waiting = [];
  let working = false;

  function later(task) {
    waiting.push(task);
    if (!working) { working = true; setTimeout(work); }
  }

  function work() {
    const end = performance.now() + TURN;
    while (waiting.length && performance.now() < end) waiting.shift()();
    working = waiting.length > 0;
    if (working) setTimeout(work);
  }

  // Calls `done` with the items that fit: at once where there are few, else after some turns.
  function sift(items, fits, current, done) {
    const found = [];
    let next = 0;
    (function turn() {
      if (!current()) return;
      const end = performance.now() + TURN;
      while (next < items.length && performance.now() < end) {
        if (fits(items[next])) found.push(items[next]);
        next += 1;
      }
      if (next < items.length) setTimeout(turn); else done(found);
    })();
  }

  // ---- tables in pages ----

  function paged(home, options) {
    let shown = options.items, page = 0, asked = 0;
    const info = el("p", { role: "status" });
    const body = el("tbody");
    const back = el("button", { type: "button", textContent: "Previous page" });
    const on = el("button", { type: "button", textContent: "Next page" });
    const heads = options.heads.map((words) => el("th", { scope: "col", textContent: words }));
    const table = el("table", { className: options.className || "" },
      el("caption", { textContent: options.caption }), el("thead", {}, el("tr", {}, ...heads)), body);
    const last = () => Math.max(0, Math.ceil(shown.length / options.size) - 1);
    function draw() {
      page = Math.min(page, last());
      const first = page * options.size;
      const slice = shown.slice(first, first + options.size);
      body.replaceChildren(...slice.map(options.row));
      const range = shown.length ? `${first + 1} to ${first + slice.length}` : "none";
      const kept = shown.length === options.items.length ? "" : ` (of ${options.items.length.toLocaleString("en")})`;
      info.textContent = `${range} of ${many(shown.length, options.noun, options.nouns)}${kept}${options.note || ""}`;
      back.disabled = page === 0;
      on.disabled = page === last();
    }
    back.addEventListener("click", () => { page -= 1; draw(); });
    on.addEventListener("click", () => { page += 1; draw(); });
    const bar = el("div", { className: "pager" });
    if (options.find) {
      const input = el("input", { type: "search", autocomplete: "off", spellcheck: false });
      input.addEventListener("input", () => {
        const wanted = input.value.trim().toLowerCase();
        const mine = asked += 1;
        const show = (items) => { shown = items; page = 0; draw(); };
        if (wanted) sift(options.items, (item) => options.find(item).includes(wanted), () => mine === asked, show);
        else show(options.items);
      });
      bar.append(el("label", {}, `Filter ${options.nouns || options.noun + "s"} `, input));
    }
    if (options.items.length > options.size) bar.append(el("span", { className: "buttons" }, back, on));
    bar.append(info);
    const scroll = el("div", { className: "scroll", tabIndex: 0 }, table);
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", `${options.caption}, scrolls sideways`);
    home.replaceChildren(bar, scroll);
    draw();
  }

  // ---- citations ----

  const usedBy = new Map();
  for (const [number, [support, , against]] of Object.entries(data.cited)) {
    for (const item of [...support, ...against]) {
      if (!usedBy.has(item)) usedBy.set(item, new Set());
      usedBy.get(item).add(data.rows[number]);
    }
  }

  const titles = new Map(rows.map((row) => [row.id, row.querySelector(".what").textContent]));
  const title = (name) => titles.get(name) || name;
  const moment = (stamp) => stamp.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?Z$/, "$1 $2 UTC");

  // Repository, path and lines of a permalink; the whole locator where it is none.
  function placeOf(locator, path, lines, commit) {
    const mark = commit ? locator.search(/(\/-)?\/(blob|tree|commit)\//) : -1;
    const start = locator.indexOf("://") + 3;
    const home = mark > start ? locator.slice(locator.indexOf("/", start) + 1, mark) : "";
    const at = home && !path ? `at ${commit.slice(0, 10)}` : "";
    return [home, path, lines, at].filter(Boolean).join(" ") || locator;
  }

  function where(item) {
    const [, locator, isLink, path, lines] = item;
    const words = isLink ? placeOf(locator, path, lines, text(item[12])) : [path, lines].filter(Boolean).join(" ") || locator;
    if (isLink) return el("a", { href: locator, rel: "noreferrer noopener", target: "_blank", className: "place", textContent: words });
    const button = el("button", { type: "button", className: "small", textContent: "Copy query" });
    button.addEventListener("click", () => copy(text(item[8]), "Query copied"));
    return el("span", { className: "place" }, path ? `${words} · ` : "", el("code", { textContent: locator }), " asked: ", el("code", { textContent: text(item[8]) }), " ", button);
  }

  function provenance(item) {
    const [id, , , , , digest, , source, query, captured, confirmed, collector, commit, native] = item;
    const list = el("dl");
    const add = (name, value) => { if (value) list.append(el("dt", { textContent: name }), el("dd", {}, el("code", { textContent: value }))); };
    add("Source", text(source));
    add("Asked", text(query));
    add("Captured", text(captured));
    add("Last confirmed", text(confirmed));
    add("Collector", text(collector));
    add("Commit", text(commit));
    add("Source's own id", native);
    add("Payload digest", `sha256:${digest}`);
    add("Citation id", `sha256:${id}`);
    return el("details", {}, el("summary", { textContent: "Provenance" }), list);
  }

  function citation(number) {
    const item = evidence()[number];
    const excerpt = item[6] ? el("pre", { className: "excerpt", tabIndex: 0, textContent: item[6] }) : null;
    return el("li", {}, where(item), el("span", { className: "aside", textContent: ` · ${text(item[7])}, ${moment(text(item[9]))}` }), excerpt, provenance(item));
  }

  function citations(title, numbers, total) {
    if (!total) return [];
    const shown = `${numbers.length.toLocaleString("en")} of ${many(total, "citation")}`;
    return [el("p", {}, el("strong", { textContent: title }), ` (${shown} shown)`), el("ol", { className: "citations" }, ...numbers.map(citation))];
  }

  // ---- one criterion ----

  function teamsOf(number) {
    const found = [];
    data.teams.forEach(([name], team) => {
      const letter = details()[team][0][number];
      if (letter !== ".") found.push([name, team, letter]);
    });
    const order = "c?lumn";
    return found.sort((a, b) => order.indexOf(a[2]) - order.indexOf(b[2]) || (a[0] < b[0] ? -1 : 1));
  }

  function teamCells(team, number, letter) {
    const [glyph, word] = data.words[letter];
    const full = details()[team][1][number];
    const cells = [el("td", {}, el("span", { className: "glyph", ariaHidden: "true", textContent: `${glyph} ` }), word)];
    if (!full) {
      cells.push(el("td", { className: "aside", textContent: "in assessment.json" }), el("td"));
      return cells;
    }
    const [why, tests, gaps, cited, total] = full;
    const seen = tests.map(([signal, threshold, low, high, read, declared]) =>
      el("div", { className: "aside" }, `${text(signal)}: ${range(low, high)} against ${text(threshold)} (${population(read, declared)})`));
    const missing = gaps.map(([signal, cause, n]) =>
      el("div", { className: "aside", textContent: `${text(signal)}: ${data.causes[text(cause)] || text(cause)} (${n})` }));
    cells.push(el("td", {}, text(why), ...seen, ...missing));
    const places = cited.map((item) => el("div", {}, where(evidence()[item])));
    const note = total ? el("div", { className: "aside", textContent: `${cited.length} of ${total} shown` }) : null;
    cells.push(el("td", {}, ...places, note));
    return cells;
  }

  const figure = (value) => String(Math.round(value * 1e4) / 1e4);
  const range = (low, high) => high === null ? `${figure(low)} or more` : low === high ? figure(low) : `${figure(low)} to ${figure(high)}`;
  const population = (seen, declared) => declared === null ? `${seen} read; nobody declares how many exist` : `${seen} of ${declared} read`;

  function fill(row) {
    if (row.dataset.filled) return;
    row.dataset.filled = "yes";
    const number = place.get(row.id);
    const home = row.querySelector(".cited");
    const cited = data.cited[number];
    home.replaceChildren();
    if (cited) {
      home.append(...citations("Evidence", cited[0], cited[1]), ...citations("Read for the counter-tests", cited[2], cited[3]));
    }
    const teams = teamsOf(number);
    if (!teams.length) return;
    const box = el("div");
    home.append(box);
    paged(box, {
      items: teams, size: 10, noun: "team", className: "stack", caption: `Teams on this row: ${title(row.id)}`, heads: ["Team", "Outcome", "Why", "Citations"],
      find: (item) => `${item[0]} ${data.words[item[2]][1]}`.toLowerCase(),
      row: ([name, team, letter]) => el("tr", {}, el("th", { scope: "row", textContent: name }), ...teamCells(team, number, letter)),
    });
  }

  for (const row of rows) row.addEventListener("toggle", () => { if (row.open) fill(row); });

  // ---- search, filter, deep links ----

  const fields = { text: byId("f-text"), section: byId("f-section"), level: byId("f-level"), outcome: byId("f-outcome") };
  let haystack = null;

  function filter() {
    haystack ||= rows.map((row) => `${row.id} ${row.textContent}`.toLowerCase());
    const words = fields.text.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, number) => {
      const { section, level, outcome } = row.dataset;
      const fits = (!fields.section.value || section === fields.section.value)
        && (!fields.level.value || level === fields.level.value)
        && (!fields.outcome.value || outcome === fields.outcome.value)
        && words.every((word) => haystack[number].includes(word));
      row.hidden = !fits;
      shown += fits;
    });
    for (const group of document.querySelectorAll(".group")) group.hidden = !group.querySelector("details.row:not([hidden])");
    byId("f-count").textContent = `${shown} of ${many(rows.length, "row")} shown`;
  }

  function remember() {
    const query = new URLSearchParams();
    for (const [name, field] of Object.entries(fields)) if (field.value) query.set(name, field.value);
    history.replaceState(null, "", String(query) ? `#rows?${query}` : "#criteria");
  }

  for (const field of Object.values(fields)) field.addEventListener("input", () => { filter(); remember(); });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(() => { filter(); remember(); }));
  byId("f-open").addEventListener("click", () => { for (const row of rows) if (!row.hidden) later(() => { fill(row); row.open = true; }); });
  byId("f-close").addEventListener("click", () => { waiting.length = 0; for (const row of rows) row.open = false; });

  function follow() {
    let target = "";
    try { target = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    if (target.startsWith("rows?")) {
      const query = new URLSearchParams(target.slice(5));
      for (const [name, field] of Object.entries(fields)) field.value = query.get(name) || "";
      filter();
      byId("criteria").scrollIntoView();
      fields.text.focus({ preventScroll: true });
      return;
    }
    const row = place.has(target) ? byId(target) : null;
    if (!row) return;
    if (row.hidden) { byId("filters").reset(); for (const field of Object.values(fields)) field.value = ""; filter(); }
    fill(row);
    row.open = true;
    row.querySelector("summary").focus({ preventScroll: true });
    row.scrollIntoView();
  }

  addEventListener("hashchange", follow);
  // A link to where the address already points fires no hashchange.
  document.addEventListener("click", (event) => {
    const link = event.target.closest ? event.target.closest("a[href^='#']") : null;
    if (link && link.getAttribute("href") === location.hash) follow();
  });

  // ---- copy a citation ----

  function cite(row) {
    const about = row.querySelector(".what").textContent;
    const outcome = row.querySelector(".outcome").textContent;
    const foot = document.querySelector("footer p").textContent;
    const day = document.querySelector("time").textContent;
    return `${document.querySelector("h1").textContent}, as of ${day}: ${row.id} (${about}): ${outcome}. ${foot}. #${row.id}`;
  }

  async function copy(words, done = "Citation copied") {
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      const box = el("textarea", { value: words });
      document.body.append(box);
      box.select();
      const copied = document.execCommand("copy");
      box.remove();
      if (!copied) { say("The browser does not allow copying"); return; }
    }
    say(done);
  }

  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(cite(button.closest("details.row"))));
  }

  // ---- teams ----

  function short(proven, possible) {
    if (proven === null) return "no level";
    const low = proven ? String(proven) : possible ? "none yet" : "none";
    return proven === possible ? low : `${low}..${possible}`;
  }

  function bar(proven, possible, cap) {
    const made = document.createElementNS(SVG, "svg");
    made.setAttribute("viewBox", `-1 -1 ${cap * 20 + 1} 12`);
    made.setAttribute("width", "88");
    made.setAttribute("height", "11");
    made.setAttribute("preserveAspectRatio", "xMinYMid");
    made.setAttribute("aria-hidden", "true");
    for (let level = 1; level <= cap; level += 1) {
      const part = document.createElementNS(SVG, "rect");
      part.setAttribute("class", level <= proven ? "proven" : level <= possible ? "open" : "out");
      for (const [key, value] of [["x", (level - 1) * 20], ["y", 0], ["width", 18], ["height", 10], ["rx", 2]]) part.setAttribute(key, value);
      made.append(part);
    }
    return made;
  }

  function heat([proven, possible, coverage, cap]) {
    if (proven === null) return el("td", { className: "aside", textContent: "no level" });
    return el("td", { className: `h${proven}` }, bar(proven, possible, cap || 5), el("br"), short(proven, possible),
      el("span", { className: "aside", textContent: ` · ${coverage} %` }));
  }

  function openTeam(team) {
    const [name] = data.teams[team];
    const home = byId("team-rows");
    const judged = [...details()[team][0]].map((letter, number) => [letter, number]).filter(([letter]) => letter !== ".");
    const heading = el("h3", { tabIndex: -1, textContent: name });
    const close = el("button", { type: "button", textContent: "Close" });
    const box = el("div");
    close.addEventListener("click", () => { home.hidden = true; home.replaceChildren(); });
    home.replaceChildren(el("div", { className: "panel-head" }, heading, close), box);
    home.hidden = false;
    paged(box, {
      items: judged, size: 20, noun: "row", className: "stack", caption: `Rows of ${name}`, heads: ["Row", "Outcome", "Why", "Citations"],
      find: ([letter, number]) => `${data.rows[number]} ${title(data.rows[number])} ${data.words[letter][1]}`.toLowerCase(),
      row: ([letter, number]) => el("tr", {}, el("th", { scope: "row" }, el("a", { href: `#${data.rows[number]}`, textContent: title(data.rows[number]) }), el("br"), el("code", { className: "aside", textContent: data.rows[number] })), ...teamCells(team, number, letter)),
    });
    heading.focus();
  }

  if (data.teams.length) {
    const kept = data.sections.map((title, number) => number).filter((number) => data.teams.some(([, sections]) => sections[number] && sections[number][0] !== null));
    const left = data.totals.team_findings - data.totals.team_details;
    later(() => paged(byId("team-list"), {
      items: data.teams.map((team, number) => [number, ...team]), size: 25, noun: "team", className: "heat",
      caption: "Each team's sections with a level: interval, and the share of rated weight that is decided. The darker, the more is proven.", heads: ["Team", ...kept.map((number) => data.sections[number])],
      note: left ? `; ${many(left, "team finding")} as outcome only, in full in assessment.json` : "",
      find: ([, name]) => name.toLowerCase(),
      row: ([number, name, sections]) => {
        const button = el("button", { type: "button", className: "linkish", textContent: name });
        button.addEventListener("click", () => openTeam(number));
        return el("tr", {}, el("th", { scope: "row" }, button), ...kept.map((number) => heat(sections[number])));
      },
    }));
  }

  // ---- evidence register ----

  function citedBy(users) {
    const link = (name) => el("a", { href: `#${name}`, title: name, textContent: title(name) });
    const few = users.slice(0, 3).map((name) => el("div", {}, link(name)));
    if (users.length <= 3) return few;
    const rest = users.slice(3).map((name) => el("div", {}, link(name)));
    return [...few, el("details", {}, el("summary", { textContent: `${users.length - 3} more` }), ...rest)];
  }

  const all = data.totals.evidence;
  later(() => paged(byId("register"), {
    items: evidence().map((item, number) => number), size: 25, noun: "citation",
    className: "stack", caption: "Evidence register with provenance", heads: ["Where", "Source and time", "Cited by"],
    note: evidence().length < all ? ` in this page; ${all.toLocaleString("en")} in assessment.json` : "",
    find: (number) => {
      const item = evidence()[number];
      return `${item[1]} ${item[3]} ${item[6]} ${text(item[7])} ${item[0]} ${[...(usedBy.get(number) || [])].join(" ")}`.toLowerCase();
    },
    row: (number) => {
      const item = evidence()[number];
      const excerpt = item[6] ? el("pre", { className: "excerpt", tabIndex: 0, textContent: item[6] }) : null;
      const users = [...(usedBy.get(number) || [])];
      return el("tr", {}, el("td", {}, where(item), excerpt, provenance(item)),
        el("td", {}, text(item[7]), el("br"), el("span", { className: "aside", textContent: moment(text(item[9])) })),
        el("td", { className: "links" }, ...(users.length ? citedBy(users) : ["teams only"])));
    },
  }));

  // ---- theme ----

  const theme = byId("theme");
  const dark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { theme.textContent = dark() ? "Light" : "Dark"; theme.setAttribute("aria-label", dark() ? "Use light colours" : "Use dark colours"); };
  theme.hidden = false;
  theme.addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; label(); });
  label();

  byId("filters").hidden = false;
  byId("f-count").textContent = `${many(rows.length, "row")}`;
  follow();
});
