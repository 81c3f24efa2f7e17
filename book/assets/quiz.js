// The questions of a page: an answer is checked, and what was chosen is explained.
"use strict";
(() => {
  const paragraph = (text) => Object.assign(document.createElement("p"), { textContent: text });
  const copies = (item) => [...item.childNodes].map((node) => node.cloneNode(true));

  const letter = (i) => Object.assign(document.createElement("strong"), { textContent: `${"ABCDEFGH"[i]}. ` });

  // What is said of an answer: the explanation of everything that was chosen.
  const explain = (chosen, reasons) =>
    chosen.flatMap((i) => {
      const said = copies(reasons[i]);
      if (chosen.length > 1) said.find((node) => node.tagName === "P").prepend(letter(i));
      return said;
    });

  const make = (question) => {
    const boxes = [...question.querySelectorAll("input")];
    const reasons = [...question.querySelectorAll(".reasons > li")];
    const feedback = question.querySelector(".feedback");
    const right = reasons.map((reason) => reason.classList.contains("right"));

    const check = () => {
      const chosen = boxes.flatMap((box, i) => (box.checked ? [i] : []));
      if (!chosen.length) return feedback.replaceChildren(paragraph("Choose an answer first."));
      const wrong = chosen.filter((i) => !right[i]);
      const solved = boxes.every((box, i) => box.checked === right[i]);
      const said = explain(wrong.length ? wrong : chosen, reasons);
      if (!solved && !wrong.length) said.push(paragraph("But these are not all."));
      feedback.replaceChildren(...said);
      question.classList.add("checked");
      question.classList.toggle("right", solved);
      question.classList.toggle("wrong", !solved);
      if (solved) question.dispatchEvent(new CustomEvent("solved", { bubbles: true }));
    };

    question.classList.add("live");
    question.querySelector("button").addEventListener("click", check);
    question.addEventListener("keydown", ({ key, target }) => key === "Enter" && boxes.includes(target) && check());
    question.addEventListener("change", () => {
      feedback.replaceChildren(); // it spoke of another choice
      question.classList.remove("right", "wrong");
    });
  };

  document.querySelectorAll(".question").forEach(make);
})();
