// Python in the page, the part that every page with code loads: buttons, plain editors, and what was
// written before. Nothing else is asked for until a button is pressed; then python/live.js comes.
"use strict";
(() => {
  const settings = document.getElementById("live-page");
  if (!settings) return;
  const { build, version } = JSON.parse(settings.textContent);
  const folder = `${document.documentElement.dataset.content_root ?? "./"}python/`;
  const here = location.pathname.split("/").pop().replace(/\.html$/, "") || "index";

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const button = (name, act, title = "") => {
    const one = make("button", { type: "button", className: "live-button", title }, name);
    one.addEventListener("click", act);
    return one;
  };

  // ---------------------------------------------------------------- what was written

  // In the storage of the browser: {version, code: {key: {text, date, solved, book, other, ..}}}, and of an
  // exercise what the checker said last: {right, verdict, mistakes, hash, tries}. `other`
  // is another version, from before a reset, from a file or from another tab. Nothing typed is lost.
  const KEY = "bptt-lab.code";
  const store = {
    memory: {},
    kept: true,
    all() {
      try {
        const data = JSON.parse(localStorage.getItem(KEY));
        const entries = Object.entries(data?.version === 1 ? (data.code ?? {}) : {});
        return Object.fromEntries(entries.filter(([, entry]) => typeof entry?.text === "string"));
      } catch {
        return store.memory;
      }
    },
    get: (key) => (store.kept ? store.all() : store.memory)[key],
    put(key, changes) {
      const code = store.kept ? store.all() : store.memory;
      const entry = { ...code[key], date: new Date().toISOString(), book: version, ...changes };
      store.memory = { ...code, [key]: entry };
      try {
        localStorage.setItem(KEY, JSON.stringify({ version: 1, code: store.memory }));
      } catch {
        store.kept = false; // a private window, or storage that is full or forbidden
      }
    },
  };

  try {
    localStorage.setItem(`${KEY}.probe`, ""); // reading may be allowed where writing is not
    localStorage.removeItem(`${KEY}.probe`);
  } catch {
    store.kept = false;
  }

  // ---------------------------------------------------------------- places to write in

  // The number by which a cell is known, as long as its code stays as it is.
  const hash = (text) => [...text].reduce((sum, c) => (31 * sum + c.codePointAt(0)) >>> 0, 7).toString(36);

  // An editor that is a textarea; main.js may put a better one in its place.
  const plainEditor = (host, { text, label, describedBy, act, typed }) => {
    const area = make("textarea", { value: text, spellcheck: false, autocapitalize: "off" });
    area.setAttribute("aria-label", label);
    if (describedBy) area.setAttribute("aria-describedby", describedBy);
    const fit = () => (area.rows = area.value.split("\n").length + 1);
    area.addEventListener("input", () => (fit(), typed()));
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) event.preventDefault(), act();
    });
    fit();
    host.append(area);
    const line = (n) => area.value.split("\n").slice(0, n).join("\n").length;
    return {
      get: () => area.value,
      set: (now) => ((area.value = now), fit()),
      mark: (n) => n && area.setSelectionRange(n > 1 ? line(n - 1) + 1 : 0, line(n)),
      focus: () => area.focus(),
      close: () => area.remove(),
    };
  };

  // What exercises and cells have in common: a key, the text it starts with, an editor that keeps
  // what is typed, and the offer of another version where there is one.
  class Place {
    constructor(key, start, label) {
      Object.assign(this, { key, start, label, editor: null, host: make("div", { className: "live-editor highlight" }) });
      // The theme has keys of its own, such as "/" for the search, and knows of textareas alone.
      this.host.addEventListener("keydown", (event) => event.stopPropagation());
      this.hint = make("p", { className: "live-hint", id: `live-hint-${Place.count = (Place.count ?? 0) + 1}` });
      this.others = make("p", { className: "live-others", hidden: true });
      this.stage = make("div", { className: "live-stage", hidden: true });
      this.stage.setAttribute("aria-live", "polite");
      Place.all.push(this);
    }

    get text() {
      return this.editor ? this.editor.get() : (store.get(this.key)?.text ?? this.start);
    }

    edit(maker = Place.maker) {
      const text = this.text, options = {
        text, label: this.label, describedBy: this.hint.id, act: () => this.act(), typed: () => this.typed(),
      };
      this.editor?.close();
      try {
        this.editor = maker(this.host, options);
      } catch {
        this.host.replaceChildren();
        this.editor = plainEditor(this.host, options);
      }
      const plain = this.host.querySelector("textarea");
      this.hint.textContent = `Shift+Enter runs it. ${plain ? "" : "Tab indents; after Escape it leaves the editor. "}${store.kept ? "What you write stays in this browser." : "This browser keeps nothing: what you write stays until you leave the page."}`;
    }

    typed() {
      const other = this.theirs ? { other: this.theirs } : {};
      store.put(this.key, { text: this.editor.get(), ...other });
      this.theirs = null;
      this.changed?.();
    }

    // Show a text; what was there before is kept as the other version.
    replace(text, other) {
      this.editor?.set(text);
      this.theirs = null;
      store.put(this.key, { text, other });
      this.changed?.();
      this.showOther();
    }

    reset() {
      const text = this.text;
      if (text !== this.start) this.replace(this.start, { text, why: "before the reset" });
    }

    showOther() {
      const other = store.get(this.key)?.other;
      this.others.hidden = typeof other?.text !== "string" || other.text === this.text;
      if (this.others.hidden) return;
      const swap = () => this.replace(other.text, { text: this.text, why: "from before" });
      this.others.replaceChildren(`There is another version, ${other.why ?? "from a file"}. `, button("Show it", swap));
    }

    // Say how far it is. A sentence that stands there already is not announced again.
    say(text, share) {
      if (this.stage.firstChild?.textContent !== text) this.stage.replaceChildren(make("span", {}, text));
      this.stage.hidden = !text;
      const bar = this.stage.querySelector("progress");
      if (share < 1 && bar) bar.value = share;
      else if (share < 1) this.stage.append(make("progress", { max: 1, value: share, ariaLabel: "Progress" }));
      else bar?.remove();
    }

    // Load what is needed and act. A press that comes meanwhile waits.
    async press(action) {
      this.host.dataset.busy = action;
      try {
        await load();
      } catch {
        delete this.host.dataset.busy;
        this.say(`The file python/live.js is missing or not whole. Reload the page; if that does not help, copy the whole folder of the book again.`);
        return;
      }
      await window.live[action](this);
      delete this.host.dataset.busy;
    }
  }
  Place.all = [];
  Place.maker = plainEditor;

  // ---------------------------------------------------------------- exercises

  class Exercise extends Place {
    constructor(root) {
      const { start, title } = JSON.parse(root.querySelector("script").textContent);
      super(`exercise:${root.dataset.exercise}`, start, `Your code: ${title}`);
      Object.assign(this, { root, name: root.dataset.exercise, function: root.dataset.function });
      this.answer = make("div", { className: "live-answer" });
      this.answer.setAttribute("role", "status");
      this.check = button("Check", () => this.act());
      this.stop = button("Stop", () => window.live.stop());
      this.stop.disabled = true;
      const reset = button("Reset", () => (this.reset(), this.editor.focus()));
      const buttons = make("div", { className: "live-buttons" }, this.check, this.stop, reset);
      this.title = make("p", { className: "live-title" });
      this.entitle();
      root.append(this.title, this.host, this.hint, this.others, buttons, this.stage, this.answer);
      root.hidden = false;
      this.edit();
      this.showOther();
    }

    entitle() {
      const solved = store.get(this.key)?.solved;
      this.title.textContent = `Write it here${solved ? `: solved on ${solved.slice(0, 10)}` : ""}`;
    }

    act() {
      return this.press("check");
    }
  }

  // ---------------------------------------------------------------- cells

  class Cell extends Place {
    constructor(input, number) {
      const printed = input.querySelector("pre");
      const start = printed.textContent.replace(/\n+$/, "");
      super(`cell:${here}:${hash(start)}`, start, `Code of cell ${number}`);
      Object.assign(this, { input, number, printed: printed.closest("[class*=highlight-]"), ran: false });
      this.run = button("Run", () => this.act(), `Run cell ${number}, and what stands above it`);
      this.change = button("Edit", () => (this.editor ? this.shut() : this.press("editCell")), `Change cell ${number}`);
      this.stop = button("Stop", () => window.live.stop());
      this.stop.hidden = true;
      this.bar = make("div", { className: "live-bar" }, this.run, this.stop, this.change);
      input.after(this.bar);
      const whole = input.closest("div.cell"), fold = input.closest("details");
      const folded = whole.contains(fold) && (fold.querySelector(".cell_output") || !whole.querySelector(".cell_output"));
      this.home = folded ? fold : whole; // where its output is, or would be
      if (this.text !== start) this.open();
    }

    // Show an editor in the place of the printed code.
    open() {
      this.printed.hidden = true;
      this.input.append(this.host);
      this.bar.before(this.hint, this.others);
      this.edit();
      this.showOther();
      this.change.textContent = "Reset";
      this.change.title = `Bring the printed code of cell ${this.number} back`;
    }

    // Show the printed code again. What was written is kept, and offered at the next opening.
    shut() {
      this.reset();
      this.editor.close();
      this.editor = null;
      for (const part of [this.host, this.hint, this.others]) part.remove();
      this.printed.hidden = false;
      this.change.textContent = "Edit";
      this.change.title = `Change cell ${this.number}`;
    }

    act() {
      return this.press("runCell");
    }

    changed() {
      this.ran = false;
    }
  }

  // The last cell of a page is empty, for whatever the reader wants to try.
  class Scratch extends Place {
    constructor(after, number) {
      super(`scratch:${here}`, "", "Scratch cell");
      Object.assign(this, { number, ran: false });
      this.run = button("Run", () => this.act(), "Run the cells above, and this");
      this.stop = button("Stop", () => window.live.stop());
      this.stop.hidden = true;
      const buttons = make("div", { className: "live-buttons" }, this.run, this.stop);
      this.home = make("section", { className: "live-scratch" },
        make("p", { className: "live-title" }, "A cell of your own"), this.host, this.hint, this.others, buttons);
      this.home.setAttribute("aria-label", "A cell of your own");
      after.append(this.home);
      this.edit();
    }

    act() {
      return this.press("runCell");
    }

    changed() {
      this.ran = false;
    }
  }

  // ---------------------------------------------------------------- loading

  let loading = null;
  const load = () => {
    loading ??= new Promise((resolve, reject) => {
      const address = (name) => `${folder}${name}?v=${build}`;
      document.head.append(make("link", { rel: "stylesheet", href: address("live.css") }));
      const script = make("script", { src: address("live.js"), onerror: reject });
      script.onload = () => (window.live.check ? resolve() : reject());
      document.head.append(script);
    }).catch(() => {
      loading = null;
      throw new Error();
    });
    return loading;
  };

  const exercises = [...document.querySelectorAll("section.live[data-exercise]")].map((root) => new Exercise(root));
  const inputs = document.querySelectorAll("div.cell div.cell_input:has(pre)");
  const cells = [...inputs].map((input, i) => new Cell(input, i + 1));
  if (cells.length) cells.push(new Scratch(document.querySelector("article") ?? document.body, cells.length + 1));
  window.live = { Place, exercises, cells, store, folder, build, version, make, button };

  addEventListener("storage", ({ key }) => {
    if (key !== KEY) return;
    for (const place of Place.all.filter((one) => one.editor)) {
      const theirs = store.get(place.key)?.text, text = place.text;
      if (theirs === undefined || theirs === text) continue;
      place.theirs = { text: theirs, why: "from another tab" };
      place.others.hidden = false;
      place.others.replaceChildren("This was changed in another tab. ",
        button("Show that", () => place.replace(theirs, { text, why: "from this tab" })));
    }
  });
})();
