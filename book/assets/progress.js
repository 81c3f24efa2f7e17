// What a reader has read and solved. It is kept in this browser, and nothing is sent anywhere.
"use strict";
(() => {
  const KEY = "bptt-lab.progress", VERSION = 1;
  const DWELL = 1000; // ms for which the end of a section is in view before it counts as read
  const KINDS = ["sections", "questions", "exercises"];
  const book = window.BOOK ?? {};
  const page = location.pathname.split("/").pop().replace(/\.html$/, "") || "index";
  const here = page.replace(/-exercises$/, ""); // exercises count with their chapter

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // ---------------------------------------------------------------- the store

  let memory = {}; // what is done, if the browser keeps nothing: {page: [id, ...]}
  let kept = true;

  // Only what has the right form, so that a foreign file does no harm. What an old store or an old
  // file names by a title is named by its label.
  const clean = (data) => {
    if (data?.version !== VERSION || data.done?.constructor !== Object) return null;
    const pages = Object.entries(data.done).filter(([, ids]) => Array.isArray(ids));
    return Object.fromEntries(
      pages.map(([page, ids]) => {
        const labels = ids.filter((id) => typeof id === "string").map((id) => book[page]?.former[id] ?? id);
        return [page, [...new Set(labels)]];
      }),
    );
  };

  const parsed = (text) => {
    try {
      return clean(JSON.parse(text));
    } catch {
      return null;
    }
  };

  const read = () => {
    if (!kept) return memory;
    try {
      return parsed(localStorage.getItem(KEY)) ?? {};
    } catch {
      return memory;
    }
  };

  const write = (done) => {
    memory = done;
    try {
      const before = localStorage.getItem(KEY);
      if (before && !parsed(before)) localStorage.setItem(`${KEY}.aside`, before); // of another edition
      localStorage.setItem(KEY, pack(done));
    } catch {
      kept = false; // a private window, or storage that is full or forbidden
    }
    show();
  };

  const pack = (done) => JSON.stringify({ version: VERSION, done }, null, 1);

  const mark = (id, is = true) => {
    const done = read(), ids = new Set(done[here]);
    if (ids.has(id) === is) return;
    if (is) ids.add(id);
    else ids.delete(id);
    write({ ...done, [here]: [...ids] });
  };

  const count = (page, done, kind) => {
    const ids = new Set(done[page]), all = book[page][kind];
    return [all.filter((id) => ids.has(id)).length, all.length];
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
      const strings = Object.entries(entry).filter(([, value]) => typeof value === "string");
      const other = { text: entry.text, why: "from a file" };
      here[key] = here[key] ? { ...here[key], other } : Object.fromEntries(strings);
    }
    try {
      localStorage.setItem(CODE, JSON.stringify({ version: VERSION, code: here }));
    } catch {
      // this browser keeps nothing
    }
  };

  // ---------------------------------------------------------------- the page

  const total = (page, done) =>
    KINDS.map((kind) => count(page, done, kind)).reduce(([a, b], [c, d]) => [a + c, b + d]);

  const showContents = (done) => {
    for (const link of document.querySelectorAll(".bd-links a")) {
      const page = new URL(link.href).pathname.split("/").pop().replace(/\.html$/, "");
      if (!book[page]) continue;
      const [some, all] = total(page, done);
      link.querySelector(".share")?.remove();
      const ring = make("span", { className: "ring" });
      ring.style.setProperty("--share", `${(100 * some) / all}%`);
      const words = make("span", { className: "visually-hidden" }, ` (${some} of ${all} done)`);
      link.append(make("span", { className: "share", title: `${some} of ${all} done` }, ring, words));
    }
  };

  const showPage = (done) => {
    const ids = new Set(done[here]);
    for (const id of book[here].questions) {
      const legend = document.querySelector(`#${id} legend`), sign = legend?.querySelector(".done");
      if (!legend) continue; // it is on the chapter's other page
      if (!ids.has(id)) sign?.remove();
      else if (!sign) legend.append(make("span", { className: "done" }, "solved"));
    }
    for (const id of book[here].exercises) {
      const box = document.querySelector(`[name="done-${id}"]`);
      if (box) box.checked = ids.has(id);
    }
  };

  const addBoxes = () => {
    for (const id of book[here].exercises) {
      // On the chapter's page an anchor is left of what has moved to the page of the exercises.
      const heading = document.querySelector(`#${id}:not(.moved)`)?.closest("section").querySelector("h2");
      if (!heading) continue;
      const box = make("input", { type: "checkbox", name: `done-${id}` });
      const words = [...heading.childNodes].filter((node) => !node.matches?.(".section-number, .headerlink"));
      const title = words.map((node) => node.textContent).join("");
      const what = make("span", { className: "visually-hidden" }, `: ${title}`);
      box.addEventListener("change", () => mark(id, box.checked));
      heading.after(make("label", { className: "exercise-done" }, box, make("span", {}, "Solved", what)));
    }
  };

  // The name of a question, or of the exercise whose section this is.
  const nameOf = (node) =>
    [...book[here].questions, ...book[here].exercises].find((id) => {
      const named = document.getElementById(id);
      return named && (named === node || named.closest("section") === node);
    });

  // A section is read when its end has been in view for a moment.
  const watch = () => {
    const timers = new Map();
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        clearTimeout(timers.get(target));
        if (isIntersecting) timers.set(target, setTimeout(() => mark(target.dataset.endOf), DWELL));
      }
    });
    for (const id of book[here].sections) {
      const end = make("span");
      end.dataset.endOf = id;
      const section = document.getElementById(id)?.closest("section");
      if (!section) continue; // it is on the chapter's other page
      (section.querySelector(":scope > .fold-body") ?? section).append(end); // folded is not read
      observer.observe(end);
    }
  };

  // ---------------------------------------------------------------- the page on progress

  const table = (done) => {
    const row = (cell, ...texts) => make("tr", {}, ...texts.map((text) => make(cell, {}, text)));
    const rows = Object.entries(book).map(([page, { title }]) => {
      const counts = KINDS.map((kind) => count(page, done, kind).join(" of "));
      return row("td", make("a", { href: `${page}.html` }, title), ...counts);
    });
    const head = row("th", "Chapter", "Sections read", "Questions solved", "Exercises solved");
    head.querySelectorAll("th").forEach((cell) => (cell.scope = "col"));
    return make("table", { className: "table" }, make("thead", {}, head), make("tbody", {}, ...rows));
  };

  const save = () => {
    const all = { version: VERSION, done: read(), code: written() };
    const file = new Blob([JSON.stringify(all, null, 1)], { type: "application/json" });
    const link = make("a", { href: URL.createObjectURL(file), download: "bptt-lab-progress.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href));
  };

  const merge = (done) => {
    const now = read(), pages = new Set([...Object.keys(now), ...Object.keys(done)]);
    const both = (page) => [...new Set([...(now[page] ?? []), ...(done[page] ?? [])])];
    write(Object.fromEntries([...pages].map((page) => [page, both(page)])));
  };

  const load = async (file) => {
    let done = null, data = null;
    try {
      data = JSON.parse(await file.text());
      done = clean(data);
    } catch {
      // not JSON
    }
    if (!done) return `${file.name} is not a file that was exported here. Nothing was changed.`;
    merge(done);
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
      write({});
      if (kept) localStorage.removeItem(CODE);
      say("Cleared.");
    };
    const buttons = make("div", { className: "progress-buttons" },
      button("Export", save), make("label", {}, "Import: ", input), button("Clear", clear));
    panel.replaceChildren(make("div", { className: "progress-table" }), buttons, status);
  };

  const showPanel = (done) => {
    panel.querySelector(".progress-table").replaceChildren(table(done));
    if (!kept) {
      panel.querySelector("[role=status]").textContent =
        "This browser lets the page keep nothing. What you do counts until you leave the page.";
    }
  };

  // ---------------------------------------------------------------- together

  const show = () => {
    const done = read();
    showContents(done);
    if (book[here]) showPage(done);
    if (panel) showPanel(done);
  };

  try {
    const probe = `${KEY}.probe`; // reading may be allowed where writing is not
    localStorage.setItem(probe, "");
    localStorage.removeItem(probe);
  } catch {
    kept = false;
  }
  if (panel) open();
  if (book[here]) {
    addBoxes();
    watch();
    document.addEventListener("solved", ({ target }) => {
      const name = nameOf(target);
      if (name) mark(name);
    });
  }
  show();
  addEventListener("storage", show); // another tab
  addEventListener("pageshow", ({ persisted }) => persisted && show()); // back to a page that was kept
})();
