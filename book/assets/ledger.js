// The ledger: rows are filtered, and a link to a row opens it.
"use strict";
(() => {
  const make = (tag, className) => Object.assign(document.createElement(tag), { className });

  // ------------------------------------------------ the rows

  const form = document.querySelector(".claims-filter");
  if (!form) return;
  const rows = [...document.querySelectorAll("details.claim")];
  const cells = [...document.querySelectorAll(".claims-strip a.square")];
  const { verdict: boxes, section, harm, order, words } = form.elements;
  const button = form.querySelector("button");
  const status = form.querySelector("[role=status]");
  const shown = () => rows.filter((row) => !row.hidden);
  const texts = new Map();

  // A row's formulas are thousands of elements, and a phone is busy for a second with those of all
  // rows. They are text until the row is opened, searched or printed, or until nothing else is to do.
  const fill = (row) => {
    const folded = row.querySelector(":scope > noscript");
    if (!folded) return;
    folded.outerHTML = folded.textContent;
    const copy = document.querySelector(".copybtn");
    row.querySelectorAll(copy ? "pre" : "none").forEach((code) => {
      code.id = `${row.id}-code`;
      code.after(copy.cloneNode(true));
      code.nextElementSibling.dataset.clipboardTarget = `#${code.id}`;
    });
    row.dispatchEvent(new CustomEvent("filled", { bubbles: true }));
  };
  const later = window.requestIdleCallback ?? ((act) => setTimeout(act, 50, { timeRemaining: () => 5 }));
  const fillNext = (idle) => {
    const waiting = rows.filter((row) => row.querySelector(":scope > noscript"));
    do waiting.length && fill(waiting.shift());
    while (waiting.length && idle.timeRemaining() > 8);
    if (waiting.length) later(fillNext);
  };
  addEventListener("load", () => later(fillNext));
  addEventListener("beforeprint", () => rows.forEach(fill));

  // In the article's order a row stands in its part, in the order of harm all stand in one list.
  const parts = rows.map((row) => row.parentElement);
  const list = make("div", "claims-sorted");
  parts.at(-1).after(list);
  const grades = [...[...harm.options].slice(1).map((option) => option.value), ""]; // no harm at all is last
  const grade = (row) => grades.indexOf(row.dataset.harm);

  const arrange = () => {
    if (Boolean(order.value) === list.hasChildNodes()) return;
    if (order.value) [...rows].sort((a, b) => grade(a) - grade(b)).forEach((row) => list.append(row));
    else rows.forEach((row, i) => parts[i].append(row));
  };

  // Words and symbols of a row; its formulas bring their LaTeX along.
  const textOf = (row) => {
    fill(row);
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };

  const filter = () => {
    const verdicts = [...boxes].filter((box) => box.checked).map((box) => box.value);
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => {
      const chosen = [section, harm].every(({ name, value }) => !value || value === row.dataset[name]);
      const fits = chosen && verdicts.includes(row.dataset.verdict);
      row.hidden = !fits || !asked.every((word) => textOf(row).includes(word));
    });
    new Set(parts).forEach((part) => {
      part.hidden = !part.querySelector(":scope > .claim:not([hidden])");
    });
    cells.forEach((cell, i) => cell.classList.toggle("filtered", rows[i].hidden));
    const count = shown().length;
    status.textContent = count === rows.length ? `All ${count} claims.` : `${count} of ${rows.length} claims.`;
    name();
  };

  const name = () => {
    button.textContent = shown().some((row) => !row.open) ? "Open all" : "Close all";
  };

  button.addEventListener("click", () => {
    const open = button.textContent === "Open all";
    if (open) shown().forEach(fill);
    shown().forEach((row) => (row.open = open));
  });
  rows.forEach((row) =>
    row.addEventListener("toggle", () => {
      fill(row);
      name();
    }),
  );
  order.addEventListener("input", arrange);
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;

  // A browser restores what was typed; what is shown has to fit it.
  const update = () => {
    arrange();
    filter();
  };
  addEventListener("pageshow", update);
  update();

  // ------------------------------------------------ links to rows

  const open = (hash) => {
    const target = document.getElementById(hash.slice(1));
    const row = target?.closest("details.claim");
    if (target?.closest("[hidden]")) {
      form.reset();
      update();
    }
    if (!row) return;
    fill(row);
    row.open = true;
    row.scrollIntoView({ block: "start" });
    row.querySelector("summary").focus({ preventScroll: true });
  };

  addEventListener("hashchange", () => open(location.hash));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link && link.hash === location.hash) open(link.hash); // the same again is no change
  });
  open(location.hash);

  // ------------------------------------------------ the strip: one stop of the Tab key, then arrows

  const said = document.querySelector(".claims-strip .said");
  const tell = (cell) => {
    said.textContent = cell ? cell.getAttribute("aria-label") : "\u00a0";
  };
  const reach = (cell) => {
    cells.forEach((one) => (one.tabIndex = one === cell ? 0 : -1));
  };
  const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };

  cells.forEach((cell, i) => {
    cell.removeAttribute("title"); // the line below the strip says it
    cell.addEventListener("pointerenter", () => tell(cell));
    cell.addEventListener("focus", () => {
      reach(cell);
      tell(cell);
    });
    cell.addEventListener("keydown", (event) => {
      const ends = { Home: 0, End: cells.length - 1 };
      const next = cells[ends[event.key] ?? i + (STEPS[event.key] ?? NaN)];
      if (!next) return;
      event.preventDefault();
      next.focus();
    });
  });
  document.querySelector(".claims-strip").addEventListener("pointerleave", () => tell());
  if (cells.length) reach(cells[0]);

  // ------------------------------------------------ paper: all rows, unfolded

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = rows.filter((row) => !row.open);
    folded.forEach((row) => (row.open = true));
  });
  addEventListener("afterprint", () => folded.forEach((row) => (row.open = false)));
})();
