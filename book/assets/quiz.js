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

  const make = (form) => {
    const boxes = [...form.querySelectorAll("input")];
    const reasons = [...form.querySelectorAll(".reasons > li")];
    const feedback = form.querySelector(".feedback");
    const right = reasons.map((reason) => reason.classList.contains("right"));

    const check = () => {
      const chosen = boxes.flatMap((box, i) => (box.checked ? [i] : []));
      if (!chosen.length) return feedback.replaceChildren(paragraph("Choose an answer first."));
      const wrong = chosen.filter((i) => !right[i]);
      const solved = boxes.every((box, i) => box.checked === right[i]);
      const said = explain(wrong.length ? wrong : chosen, reasons);
      if (!solved && !wrong.length) said.push(paragraph("But these are not all."));
      feedback.replaceChildren(...said);
      form.classList.add("checked");
      form.classList.toggle("right", solved);
      form.classList.toggle("wrong", !solved);
      if (solved) form.dispatchEvent(new CustomEvent("solved", { bubbles: true }));
    };

    form.classList.add("live");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      check();
    });
    form.addEventListener("change", () => {
      feedback.replaceChildren(); // it spoke of another choice
      form.classList.remove("right", "wrong");
    });
  };

  document.querySelectorAll("form.question").forEach(make);
})();
