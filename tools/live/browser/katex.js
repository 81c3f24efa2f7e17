// Formulas that a cell gives, as MathML: the browser sets them, without fonts or styles of their own.
import katex from "katex";

window.katexToMathML = (source) => {
  const displayed = /^\$\$|^\$\\displaystyle/.test(source);
  const element = document.createElement("span");
  const tex = source.replace(/^\${1,2}|\${1,2}$/g, "");
  katex.render(tex, element, { output: "mathml", displayMode: displayed, throwOnError: false, trust: false });
  return element;
};
