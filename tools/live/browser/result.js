// What came of a run, as elements.
import { clean } from "./clean.js";

export const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const text = (content, name) => make("pre", { className: `live-text ${name}`, tabIndex: 0 }, content);

// A value, as Python describes it: {kind, content}. Formulas are typeset if `typeset` can.
export const valueOf = ({ kind, content }, { sections, typeset }) => {
  if (kind === "html") return make("div", { className: "live-html" }, clean(content, sections));
  if (kind === "latex" && typeset) return make("div", { className: "live-formula" }, typeset(content));
  return text(content, kind === "print" ? "live-printed" : "live-value");
};

// An exception: its text, and the reader's own lines on the way to it.
export const failureOf = ({ type, message, frames }) => {
  const steps = frames.flatMap(({ line, where, text: code }) => [
    make("dt", {}, where ? `in ${where}, line ${line}` : `line ${line}`),
    make("dd", {}, make("code", {}, code)),
  ]);
  const said = make("p", {}, make("strong", {}, type), message ? `: ${message}` : "");
  return make("div", { className: "live-failure" }, said, make("dl", {}, ...steps));
};

const MISSING = {
  drawing: "Drawing needs a notebook, so the lines that draw were left out. The printed figure is the one of the page.",
};

// What had to be left out, and why.
export const missingOf = (names) =>
  names.map((name) =>
    make("p", { className: "live-note" }, MISSING[name] ?? `What needs ${name} was left out: the page does not have it. A notebook does.`),
  );
