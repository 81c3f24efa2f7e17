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

  // Every reader has an order of answers of their own, which their browser keeps. On paper they stand
  // as they were written.
  const SEED = "bptt-lab.order";
  const seed = (() => {
    const drawn = String(Math.floor(Math.random() * 2 ** 32));
    try {
      if (!localStorage.getItem(SEED)) localStorage.setItem(SEED, drawn);
      return localStorage.getItem(SEED);
    } catch {
      return drawn;
    }
  })();

  // A permutation that depends on the reader and the question alone.
  const order = (name, length) => {
    let state = [...(seed + name)].reduce((sum, c) => Math.imul(sum ^ c.codePointAt(0), 16777619) >>> 0, 2166136261);
    const next = () => {
      state = (state + 0x9e3779b9) >>> 0;
      const mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
    };
    return [...Array(length).keys()].map((k) => [next(), k]).sort(([a], [b]) => a - b).map(([, k]) => k);
  };

  const arrange = (question) => {
    const lists = [...question.querySelectorAll(".options, .reasons")];
    const written = lists.map((list) => [...list.children]);
    written.forEach((items) => items.forEach((item, k) => (item.dataset.written = k)));
    const mixed = order(question.id, written[0].length);
    const paper = matchMedia("print");
    const set = () => lists.forEach((list, k) => list.append(...(paper.matches ? written[k] : mixed.map((i) => written[k][i]))));
    paper.addEventListener("change", set);
    set();
  };

  const make = (question) => {
    arrange(question);
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
      question.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: solved }));
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
