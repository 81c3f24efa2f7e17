// What is open, on the page about progress and on the first page: progress.js keeps what is done.
"use strict";
(() => {
  // Names and outcomes are HTML of the build's, with their formulas typeset.
  const { VERSION, KINDS, book, make, read, write, clean, count, isDue, listeners, isKept } = window.progress;
  const about = window.BOOK_NAMES ?? {};
  const path = Math.max(["short", "core", "all"].indexOf(document.documentElement.dataset.path), 0);

  const link = (page, id) => {
    const on = book[page].exercises.includes(id) ? `${page}-exercises` : page;
    return make("a", { href: `${on}.html#${id}`, innerHTML: about[page].names[id] ?? id });
  };
  const joined = (nodes) => nodes.flatMap((node, k) => (k ? [", ", node] : [node]));

  // ---------------------------------------------------------------- where to go on

  // The sections that the chosen path leads through, in order; one without minutes is not for reading.
  const way = Object.entries(book).flatMap(([page, { sections }]) =>
    sections
      .map((id) => ({ page, id, name: `${page}#${id}`, of: about[page]?.reading[id] ?? [9] }))
      .filter(({ of }) => of[0] <= path && of[path + 1] > 0),
  );

  const minutes = (sections) => sections.reduce((sum, { of }) => sum + of[path + 1], 0);

  // The first open section behind the one that was read last, or else the first open one.
  const next = ({ done, last }) => {
    const open = way.filter(({ page, id }) => !done[page]?.includes(id));
    const at = way.findIndex(({ name }) => name === last);
    return { open, first: open.find((one) => way.indexOf(one) > at) ?? open[0] };
  };

  const showNext = (place) => (state) => {
    const { open, first } = next(state), told = [];
    if (first) {
      const here = minutes(open.filter(({ page }) => page === first.page)), hours = (minutes(open) / 60).toFixed(1);
      const rest = `. On your path ${here} minutes are left of this chapter, and ${hours} hours of the book.`;
      told.push(make("p", {}, state.last ? "Continue at " : "Start with ", link(first.page, first.id), rest));
    } else told.push(make("p", {}, "Every section of your path is read."));
    const due = Object.keys(state.answers).filter((key) => isDue(state.answers[key]));
    const again = due.map((key) => key.split("#")).filter(([page, id]) => book[page]?.questions.includes(id));
    if (again.length) {
      const links = again.map(([page, id]) => make("span", {}, link(page, id), ` (${book[page].title})`));
      told.push(make("p", {}, "To be answered again: ", ...joined(links), "."));
    }
    place.replaceChildren(...told);
  };

  for (const place of document.querySelectorAll(".continue")) listeners.push(showNext(place));

  // ---------------------------------------------------------------- what is open

  const openOf = (page, { done }) => {
    const { sections, questions, exercises } = book[page];
    const onPath = new Set(way.map(({ name }) => name));
    const all = [...sections.filter((id) => onPath.has(`${page}#${id}`)), ...questions, ...exercises];
    return all.filter((id) => !done[page]?.includes(id));
  };

  const list = (page, ids) => make("ul", {}, ...ids.map((id) => make("li", {}, link(page, id))));

  // The open items of a chapter, below the outcomes that rest on them.
  const chapter = (page, state) => {
    const open = openOf(page, state), left = new Set(open);
    const parts = about[page].outcomes.map(({ text, items }) => {
      const own = items.filter((id) => open.includes(id)), done = items.filter((id) => state.done[page]?.includes(id));
      own.forEach((id) => left.delete(id));
      const sign = make("span", { className: "done" }, own.length ? `${done.length} of ${done.length + own.length}` : "done");
      return make("li", { innerHTML: text }, sign, ...(own.length ? [list(page, own)] : []));
    });
    if (left.size) parts.push(make("li", {}, parts.length ? "and besides" : "to read and to answer", list(page, [...left])));
    const summary = make("summary", {}, `${book[page].title}: ${open.length || "nothing"} open`);
    const details = make("details", { className: "open-items" }, summary, make("ul", {}, ...parts));
    details.dataset.page = page;
    return details;
  };

  const showOpen = (place) => (state) => {
    const unfolded = [...place.querySelectorAll("details[open]")].map((one) => one.dataset.page);
    const chapters = Object.keys(book).filter((page) => about[page]).map((page) => chapter(page, state));
    chapters.forEach((one) => (one.open = unfolded.includes(one.dataset.page)));
    place.replaceChildren(...chapters);
  };

  // ---------------------------------------------------------------- code

  // What was written in the pages, which live.js keeps: it is saved and read with the rest.
  const CODE = "bptt-lab.code";

  const written = () => {
    try {
      return JSON.parse(localStorage.getItem(CODE))?.code ?? {};
    } catch {
      return {};
    }
  };

  // Where both have written, what is here stays, and the other is offered beside it. None is run.
  const addWritten = (code) => {
    if (code?.constructor !== Object) return;
    const here = written();
    for (const [key, entry] of Object.entries(code)) {
      if (!/^(exercise|cell|scratch):/.test(key) || typeof entry?.text !== "string") continue;
      if (here[key]?.text === entry.text) continue;
      const known = Object.entries(entry).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
      const mistakes = Array.isArray(entry.mistakes) ? entry.mistakes.filter((one) => typeof one === "string") : [];
      const other = { text: entry.text, why: "from a file" };
      here[key] = here[key] ? { ...here[key], other } : { ...Object.fromEntries(known), mistakes };
    }
    try {
      localStorage.setItem(CODE, JSON.stringify({ version: VERSION, code: here }));
    } catch {
      // this browser keeps nothing
    }
  };

  // ---------------------------------------------------------------- the page on progress

  const atOnce = (page, { answers }) => book[page].questions.filter((id) => answers[`${page}#${id}`]?.first).length;

  const table = (state) => {
    const row = (cell, ...texts) => make("tr", {}, ...texts.map((text) => make(cell, {}, text)));
    const rows = Object.entries(book).map(([page, { title }]) => {
      const counts = KINDS.map((kind) => count(page, state, kind)).map(([some, all]) => (all ? `${some} of ${all}` : "none"));
      counts.splice(2, 0, String(atOnce(page, state)));
      return row("td", make("a", { href: `${page}.html` }, title), ...counts);
    });
    const head = row("th", "Chapter", "Sections read", "Questions solved", "at once", "Exercises solved");
    head.querySelectorAll("th").forEach((cell) => (cell.scope = "col"));
    return make("table", { className: "table" }, make("thead", {}, head), make("tbody", {}, ...rows));
  };

  const save = () => {
    const all = { version: VERSION, ...read(), code: written() };
    const file = new Blob([JSON.stringify(all, null, 1)], { type: "application/json" });
    const link = make("a", { href: URL.createObjectURL(file), download: "bptt-lab-progress.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href));
  };

  const merge = ({ done, answers, last }) => {
    const now = read(), pages = new Set([...Object.keys(now.done), ...Object.keys(done)]);
    const both = (page) => [...new Set([...(now.done[page] ?? []), ...(done[page] ?? [])])];
    write({
      done: Object.fromEntries([...pages].map((page) => [page, both(page)])),
      answers: { ...answers, ...now.answers },
      last: now.last ?? last,
    });
  };

  const load = async (file) => {
    let state = null, data = null;
    try {
      data = JSON.parse(await file.text());
      state = clean(data);
    } catch {
      // not JSON
    }
    if (!state) return `${file.name} is not a file that was exported here. Nothing was changed.`;
    merge(state);
    addWritten(data.code);
    return "Imported, and added to what was here.";
  };

  const panel = document.getElementById("progress-panel");

  const open = () => {
    const say = (text) => (status.textContent = text);
    const status = make("p", { role: "status" });
    const button = (text, act) => {
      const one = make("button", { type: "button", className: "btn btn-sm" }, text);
      one.addEventListener("click", act);
      return one;
    };
    const input = make("input", { type: "file", accept: ".json,application/json" });
    input.addEventListener("change", async () => {
      if (input.files.length) say(await load(input.files[0]));
      input.value = "";
    });
    const clear = () => {
      if (!confirm("Clear all progress in this browser, and the code that you have written?")) return;
      write({ done: {}, answers: {} });
      if (isKept()) localStorage.removeItem(CODE);
      say("Cleared.");
    };
    const buttons = make("div", { className: "progress-buttons" },
      button("Export", save), make("label", {}, "Import: ", input), button("Clear", clear));
    const next = make("div", { className: "continue" }), items = make("div");
    panel.replaceChildren(next, make("div", { className: "progress-table" }), items, buttons, status);
    listeners.push(showNext(next), showPanel, showOpen(items));
  };

  const showPanel = (state) => {
    panel.querySelector(".progress-table").replaceChildren(table(state));
    if (!isKept()) {
      panel.querySelector("[role=status]").textContent =
        "This browser lets the page keep nothing. What you do counts until you leave the page.";
    }
  };

  if (panel) open();
  listeners.forEach((listener) => listener(read()));
})();
