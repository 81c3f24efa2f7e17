// What comes after the first press: better editors, Python, and what the buttons do.
import { makeEditor } from "./editor.js";
import { Python, Stopped, explain } from "./python.js";
import { failureOf, make, missingOf, valueOf } from "./result.js";

const { live } = window;
const { Place, cells, exercises, store, folder, build } = live;
// How long a run may take: a printed cell is known to end, and some take minutes here.
const SECONDS = { check: 10, cell: 120, printed: 900, ...live.seconds };

// ---------------------------------------------------------------- Python

// Whether a library may be fetched from elsewhere: the place that was pressed last asks its reader.
let asking = null, question = null;
const ask = (of) =>
  new Promise((resolve) => {
    question = { ...of, resolve };
    if (asking.busy) put(question);
  });
const put = ({ what, size, address, resolve }) => {
  const { stage } = asking;
  const answer = (is) => () => ((question = null), stage.replaceChildren(), resolve(is));
  const buttons = make("span", { className: "live-buttons" },
    live.button(`Fetch ${what}`, answer(true)), live.button("Go on without", answer(false)));
  stage.hidden = false;
  stage.replaceChildren(
    `This copy of the book has Python, but not ${what}. It can be fetched from `, make("code", {}, address),
    `: ${size}. That address will see, as any server does, that somebody asked. `, buttons);
  stage.querySelector("button").focus();
};

const python = new Python(folder, build, ask);
python.listeners.push(() => cells.forEach((cell) => (cell.ran = false)));
live.python = python;

const context = async () => ({ sections: (await python.packs.contents()).sections, typeset: await typesetter() });

// Formulas as MathML. Without KaTeX, which is a file of its own, they are shown as text.
let katex;
const typesetter = async () => {
  if (!katex) return null;
  await katex;
  return window.katexToMathML;
};
const wantFormulas = () => (katex ??= python.packs.load("katex").catch(() => {}));

const valuesOf = async (value) => {
  if (!value) return [];
  if (value.kind === "latex") await wantFormulas();
  return [valueOf(value, await context())];
};

// ---------------------------------------------------------------- a run

// Let a place show that something runs, from the press until it has ended.
const busy = async (place, act) => {
  if (place.busy) return;
  place.busy = true;
  asking = place;
  if (question) put(question);
  place.lock(true);
  const say = (text, share) => place.busy && place.say(text, share);
  try {
    return await act(say);
  } catch (error) {
    place.say("");
    return { failed: explain(error), stopped: error instanceof Stopped };
  } finally {
    place.busy = false;
    place.lock(false);
  }
};

const printedOf = (printed) => (printed ? [make("pre", { className: "live-text live-printed", tabIndex: 0 }, printed)] : []);

const NO_NUMPY = "NumPy is not here, and this needs it. Reload the page and agree to fetch it, or read a copy of the book that has it.";
const hintsOf = ({ error }) =>
  error?.type === "ModuleNotFoundError" && /numpy/.test(error.message) ? [make("p", { className: "live-note" }, NO_NUMPY)] : [];

// ---------------------------------------------------------------- exercises

// The printed code above a place: Python runs of it what gives names to the reader's code.
const cellsAbove = (root) =>
  cells.filter(({ input }) => input?.compareDocumentPosition(root) & Node.DOCUMENT_POSITION_FOLLOWING).map((cell) => cell.start);

const check = (place) => {
  let printed = "";
  return busy(place, async (say) => {
    const told = ({ kind, content }) => kind === "print" && (printed += content);
    const parameters = [place.name, place.text, place.function, cellsAbove(place.root)];
    place.editor.mark(null);
    place.answer.replaceChildren();
    place.root.classList.remove("right", "wrong");
    const result = await python.run("check", parameters, { seconds: SECONDS.check, told, say });
    say("");
    const line = result.error?.line ?? result.line;
    if (line) place.editor.mark(line);
    const failure = result.error ? [failureOf(result.error), ...hintsOf(result)] : [];
    place.answer.replaceChildren(...failure, ...(await valuesOf(result.value)), ...printedOf(printed), ...missingOf(result.missing));
    place.root.classList.add(result.right ? "right" : "wrong");
    if (result.note) keep(place, result.note);
    if (result.right) solved(place);
    return result;
  }).then((came) => {
    if (came?.failed) place.answer.replaceChildren(make("p", {}, came.failed), ...printedOf(printed));
  });
};

// What the checker said is kept beside the code, in the form of check.report.
const keep = (place, note) => {
  const before = store.get(place.key) ?? {};
  const mistakes = [...new Set([...(before.mistakes ?? []), ...note.mistakes])];
  store.put(place.key, { text: place.text, ...note, mistakes, tries: (before.tries ?? 0) + 1 });
};

const solved = (place) => {
  store.put(place.key, { text: place.text, solved: new Date().toISOString() });
  place.entitle();
  const exercise = document.getElementById(place.root.dataset.solves);
  exercise?.dispatchEvent(new CustomEvent("solved", { bubbles: true }));
};

// ---------------------------------------------------------------- cells

// The place below the printed output in which new output appears, with a way back.
const outputOf = (cell) => {
  if (!cell.output) {
    cell.output = make("div", { className: "live-output" });
    cell.output.setAttribute("role", "status");
    cell.home.append(cell.stage, cell.output);
  }
  return cell.output;
};

const clear = (cell) => {
  outputOf(cell).replaceChildren();
  cell.output.hidden = true;
};

// Run one cell and show what it gives. What runs only because it stands above, and is as it was
// printed, shows itself only where it fails.
const runOne = async (cell, say, asked = true) => {
  const output = outputOf(cell), inside = make("div");
  const back = live.button("Remove", () => (clear(cell), cell.run.focus()), "Leave the printed output alone");
  const show = () => {
    output.hidden = false;
    output.replaceChildren(make("p", { className: "live-title" }, "Run here ", back), inside);
  };
  if (asked || cell.editor) show();
  const told = async ({ kind, content }) => {
    const last = inside.lastChild;
    if (kind === "print" && last?.classList.contains("live-printed")) last.append(content);
    else if (kind === "print") inside.append(...printedOf(content));
    else inside.append(...(await valuesOf({ kind, content })));
  };
  cell.editor?.mark(null);
  const seconds = cell.text && cell.text === cell.start ? SECONDS.printed : SECONDS.cell;
  const result = await python.run("run", [cell.text, `cell ${cell.number}`], { seconds, told, say });
  cell.ran = !result.error;
  cell.seconds = result.seconds;
  if (result.error) {
    show();
    inside.append(failureOf(result.error), ...hintsOf(result));
    cell.editor?.mark(result.error.line);
  }
  inside.append(...(await valuesOf(result.value)), ...missingOf(result.missing));
  if (!inside.hasChildNodes()) inside.append(make("p", { className: "live-note" }, "It ran, and shows nothing."));
  return result;
};

const runCell = (cell) => {
  const output = outputOf(cell);
  let own = false; // whether what the cell shows is of this run
  return busy(cell, async (say) => {
    const above = cells.slice(0, cells.indexOf(cell)).filter((one) => !one.ran);
    for (const [i, one] of above.entries()) {
      const result = await runOne(one, say, false);
      say(`Running what stands above: ${i + 1} of ${above.length}.`, (i + 1) / (above.length + 1));
      if (!result.error) continue;
      const go = live.button("Go to it", () => one.home.scrollIntoView({ block: "center" }));
      return { failed: "A cell above has failed, so this one was not run. ", go };
    }
    say(above.length ? "Running this cell." : "");
    own = true;
    await runOne(cell, say);
    say("");
  }).then((came) => {
    if (!came?.failed) return;
    cell.say("");
    output.hidden = false;
    if (!own) output.replaceChildren();
    output.append(make("p", { className: "live-failure" }, came.failed, ...(came.go ? [came.go] : [])));
  });
};

// ---------------------------------------------------------------- buttons

Place.prototype.lock = function (is) {
  const button = this.check ?? this.run;
  if (this.check) this.stop.disabled = !is;
  else this.stop.hidden = !is;
  const focused = document.activeElement === button || document.activeElement === this.stop;
  button.disabled = is;
  if (focused) (is ? this.stop : button).focus();
};

const upgrade = () => {
  Place.maker = makeEditor;
  for (const place of Place.all.filter((one) => one.editor)) place.edit();
};

Object.assign(live, {
  check,
  runCell,
  stop: () => python.end(new Stopped("It was stopped.")),
  editCell: (cell) => (cell.open(), cell.editor.focus()),
});
upgrade();
