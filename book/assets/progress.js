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

  // {done: {page: [id, ..]}, answers: {"page#id": {first, due, step}}, last: "page#id"}: what is read and
  // solved, whether a question was answered right at once and when it comes again, what was read last.
  let memory = { done: {}, answers: {} }; // if the browser keeps nothing
  let kept = true;

  // Only what has the right form, so that a foreign file does no harm. What an old store or an old
  // file names by a title is named by its label.
  const clean = (data) => {
    if (data?.version !== VERSION || data.done?.constructor !== Object) return null;
    const pages = Object.entries(data.done).filter(([, ids]) => Array.isArray(ids));
    const done = pages.map(([page, ids]) => {
      const labels = ids.filter((id) => typeof id === "string").map((id) => book[page]?.former[id] ?? id);
      return [page, [...new Set(labels)]];
    });
    const tried = Object.entries(data.answers ?? {}).filter(([, answer]) => typeof answer?.first === "boolean");
    const answers = tried.map(([key, { first, due, step }]) => [
      key, /^\d{4}-\d\d-\d\d$/.test(due) ? { first, due, step: step === 2 ? 2 : 1 } : { first },
    ]);
    return {
      done: Object.fromEntries(done),
      answers: Object.fromEntries(answers),
      last: typeof data.last === "string" ? data.last : undefined,
    };
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
      return parsed(localStorage.getItem(KEY)) ?? { done: {}, answers: {} };
    } catch {
      return memory;
    }
  };

  const write = (state) => {
    memory = state;
    try {
      const before = localStorage.getItem(KEY);
      if (before && !parsed(before)) localStorage.setItem(`${KEY}.aside`, before); // of another edition
      localStorage.setItem(KEY, JSON.stringify({ version: VERSION, ...state }, null, 1));
    } catch {
      kept = false; // a private window, or storage that is full or forbidden
    }
    show();
  };

  const mark = (id, is = true) => {
    const state = read(), ids = new Set(state.done[here]);
    const last = is && book[here].sections.includes(id) ? `${here}#${id}` : state.last;
    if (ids.has(id) === is && last === state.last) return;
    if (is) ids.add(id);
    else ids.delete(id);
    write({ ...state, done: { ...state.done, [here]: [...ids] }, last });
  };

  // A question that was missed comes again after a day, and then once more after a week.
  const inDays = (days) => new Date(Date.now() + days * 864e5).toISOString().slice(0, 10);
  const isDue = (answer) => answer?.due <= inDays(0);

  const answered = (id, right) => {
    const state = read(), key = `${here}#${id}`, before = state.answers[key];
    const answer = { first: right, ...before };
    if (!right) Object.assign(answer, { due: inDays(1), step: 1 });
    else if (isDue(before) && before.step === 1) Object.assign(answer, { due: inDays(7), step: 2 });
    else if (isDue(before)) ["due", "step"].forEach((name) => delete answer[name]);
    write({ ...state, answers: { ...state.answers, [key]: answer } });
    if (right) mark(id);
  };

  const count = (page, { done }, kind) => {
    const ids = new Set(done[page]), all = book[page][kind];
    return [all.filter((id) => ids.has(id)).length, all.length];
  };

  // ---------------------------------------------------------------- the page

  const total = (page, state) =>
    KINDS.map((kind) => count(page, state, kind)).reduce(([a, b], [c, d]) => [a + c, b + d]);

  const showContents = (state) => {
    for (const link of document.querySelectorAll(".bd-links a")) {
      const page = new URL(link.href).pathname.split("/").pop().replace(/\.html$/, "");
      if (!book[page]) continue;
      const [some, all] = total(page, state);
      link.querySelector(".share")?.remove();
      const ring = make("span", { className: "ring" });
      ring.style.setProperty("--share", `${(100 * some) / all}%`);
      const words = make("span", { className: "visually-hidden" }, ` (${some} of ${all} done)`);
      link.append(make("span", { className: "share", title: `${some} of ${all} done` }, ring, words));
    }
  };

  const showPage = ({ done, answers }) => {
    const ids = new Set(done[here]);
    for (const id of book[here].questions) {
      const legend = document.querySelector(`#${id} legend`), sign = legend?.querySelector(".done");
      if (!legend) continue; // it is on the chapter's other page
      const answer = answers[`${here}#${id}`];
      const text = isDue(answer) ? "to be answered again" : answer?.first ? "solved at once" : "solved";
      sign?.remove();
      if (ids.has(id) || isDue(answer)) legend.append(make("span", { className: "done" }, text));
    }
    showSum(answers);
    for (const id of book[here].exercises) {
      const box = document.querySelector(`[name="done-${id}"]`);
      if (box) box.checked = ids.has(id);
    }
  };

  // What came of the questions of this page, below the last one.
  const showSum = (answers) => {
    const questions = [...document.querySelectorAll(".question")];
    const tried = questions.map(({ id }) => answers[`${here}#${id}`]).filter(Boolean);
    document.querySelector(".quiz-sum")?.remove();
    if (!tried.length) return;
    const text = `Right at once: ${tried.filter((one) => one.first).length} of ${questions.length}.`;
    const again = tried.some((one) => one.due) ? " What you missed comes again after a day, and after a week." : "";
    questions.at(-1).after(make("p", { className: "quiz-sum" }, text + again));
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

  // ---------------------------------------------------------------- together

  const listeners = []; // of what has changed
  const show = () => {
    const state = read();
    showContents(state);
    if (book[here]) showPage(state);
    listeners.forEach((listener) => listener(state));
  };

  try {
    const probe = `${KEY}.probe`; // reading may be allowed where writing is not
    localStorage.setItem(probe, "");
    localStorage.removeItem(probe);
  } catch {
    kept = false;
  }
  if (book[here]) {
    addBoxes();
    watch();
    document.addEventListener("solved", ({ target }) => {
      const name = nameOf(target);
      if (name) mark(name);
    });
    document.addEventListener("answered", ({ target, detail }) => answered(target.id, detail));
  }
  // progress-page.js shows more of it.
  window.progress = { VERSION, KINDS, book, make, read, write, clean, count, isDue, listeners, isKept: () => kept };
  show();
  addEventListener("storage", show); // another tab
  addEventListener("pageshow", ({ persisted }) => persisted && show()); // back to a page that was kept
})();
