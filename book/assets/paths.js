// Paths through a chapter, and what is folded: paths.py marks it, and the reader's choice is kept here.
"use strict";
(() => {
  const KEY = "bptt-lab.reading";
  const PATHS = ["short", "core", "all"];
  const data = document.documentElement.dataset; // a script in the head has set path and article
  const folds = [...document.querySelectorAll(".fold-body")];
  const button = (body) => document.querySelector(`[aria-controls="${body.id}"]`);

  const keep = () => {
    try {
      localStorage.setItem(KEY, JSON.stringify({ path: data.path, article: data.article === "on" }));
    } catch {
      // a private window, or storage that is full or forbidden: it holds for this page
    }
  };

  // ---------------------------------------------------------------- folds

  const belongs = ({ dataset: { fold } }) =>
    fold === "article" ? data.article === "on" : PATHS.indexOf(fold) <= PATHS.indexOf(data.path);

  const set = (body, open) => {
    body.hidden = open ? false : "until-found"; // where a browser can, its search finds what is folded
    button(body)?.setAttribute("aria-expanded", open);
  };

  const apply = () => folds.forEach((body) => set(body, belongs(body)));

  const openAround = (node) => {
    for (let body = node?.closest(".fold-body"); body; body = body.parentElement.closest(".fold-body")) set(body, true);
  };

  for (const body of folds) {
    button(body)?.addEventListener("click", () => set(body, body.hidden !== false));
    body.addEventListener("beforematch", () => set(body, true));
  }

  // ---------------------------------------------------------------- the path

  const boxes = [...document.querySelectorAll('.paths input[name="path"]')];

  const choose = (path) => {
    data.path = path;
    boxes.forEach((box) => (box.checked = box.value === path));
    apply();
  };

  boxes.forEach((box) =>
    box.addEventListener("change", () => {
      choose(box.value);
      keep();
    }),
  );

  // ---------------------------------------------------------------- links

  // An exercise that was in a chapter is on a page of its own, and old links still lead to it.
  const follow = (target) => {
    const link = target.closest("p").querySelector("a[href]");
    location.replace(link.href.split("#")[0] + location.hash);
  };

  const go = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.matches(".moved")) return follow(target);
    if (target.closest(".fold-body[hidden]")) {
      openAround(target);
      target.scrollIntoView();
    }
  };

  choose(data.path);
  data.folds = "ready";
  addEventListener("hashchange", go);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link?.hash && link.hash === location.hash) go(); // the same again is no change
  });
  go();
})();
