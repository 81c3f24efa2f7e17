// Lines to be put in order, by dragging or with two buttons on each. Any order that computes the same
// is right: `data-before` has the pairs of lines whose order must not change.
"use strict";
(() => {
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const arrange = (group) => {
    const list = group.querySelector("ol"), verdict = group.querySelector(".verdict");
    const pairs = JSON.parse(group.dataset.before);
    const items = () => [...list.children];
    let dragged = null;

    const silent = () => {
      verdict.textContent = "";
      group.classList.remove("right", "wrong");
    };

    const move = (item, by, button) => {
      const place = items().indexOf(item), other = items()[place + by];
      if (!other) return;
      if (by < 0) other.before(item);
      else other.after(item);
      silent();
      button.focus();
      verdict.textContent = `Line ${place + by + 1} of ${items().length}.`;
    };

    // The first line that stands above one which it needs.
    const early = () => {
      const place = new Map(items().map((item, k) => [Number(item.dataset.line), k]));
      const wrong = pairs.filter(([first, then]) => place.get(first) > place.get(then));
      return wrong.map(([, then]) => place.get(then)).sort((a, b) => a - b)[0];
    };

    const check = () => {
      const place = early(), right = place === undefined;
      silent();
      group.classList.add(right ? "right" : "wrong", "checked");
      verdict.textContent = right
        ? "Right: in this order it computes what it should."
        : `Not yet. Line ${place + 1} comes too early: it needs one that stands below it, or is in its way.`;
    };

    for (const item of items()) {
      const text = item.textContent.trim();
      const button = (sign, by, words) => {
        const one = make("button", { type: "button", textContent: sign, ariaLabel: `${words}: ${text}` });
        one.addEventListener("click", () => move(item, by, one));
        one.addEventListener("keydown", (event) => {
          const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
          if (!step) return;
          event.preventDefault();
          move(item, step, one);
        });
        return one;
      };
      item.prepend(button("↑", -1, "Move up"), button("↓", 1, "Move down"));
      item.draggable = true;
      item.addEventListener("dragstart", () => (dragged = item));
      item.addEventListener("dragover", (event) => {
        if (!dragged || dragged === item) return;
        event.preventDefault();
        const { top, height } = item.getBoundingClientRect();
        if (event.clientY < top + height / 2) item.before(dragged);
        else item.after(dragged);
        silent();
      });
      item.addEventListener("dragend", () => (dragged = null));
    }
    const button = make("button", { type: "button", className: "btn btn-sm", textContent: "Check" });
    button.addEventListener("click", check);
    list.after(button);
    group.classList.add("live");
  };

  document.querySelectorAll(".parsons").forEach(arrange);
})();
