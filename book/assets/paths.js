// Paths through a chapter, and what is folded: paths.py and folds.py mark it, the choice is kept here.
"use strict";
(() => {
  const KEY = "bptt-lab.reading";
  const PATHS = ["short", "core", "all"];
  const REFERENCE = /\/(ledger|crosswalk)\.html$/; // pages for those who read the article
  const data = document.documentElement.dataset; // a script in the head has set path and article
  const bodies = [...document.querySelectorAll(".fold-body")];
  const buttons = new Map(
    [...document.querySelectorAll(".fold-button")].map((button) => [button.getAttribute("aria-controls"), button]),
  );
  const boxes = [...document.querySelectorAll('.paths input[name="path"]')];
  const article = document.querySelector(".article-switch");

  // ---------------------------------------------------------------- what is kept

  const keep = () => {
    try {
      localStorage.setItem(KEY, JSON.stringify({ path: data.path, article: data.article === "on" }));
    } catch {
      // a private window, or storage that is full or forbidden: it holds for this page
    }
  };

  const recall = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY));
      if (PATHS.includes(kept?.path)) data.path = kept.path;
      if (kept) data.article = kept.article === true ? "on" : "off";
    } catch {
      // nothing is kept, or nothing that can be read
    }
  };

  // ---------------------------------------------------------------- folds

  const belongs = (kind) =>
    kind === "article" ? data.article === "on" : PATHS.indexOf(kind) <= PATHS.indexOf(data.path);

  const set = (body, open) => {
    body.hidden = open ? false : "until-found"; // where a browser can, its search finds what is folded
    buttons.get(body.id).setAttribute("aria-expanded", open);
  };

  const show = () => {
    bodies.forEach((body) => set(body, belongs(body.dataset.fold)));
    boxes.forEach((box) => (box.checked = box.value === data.path));
    article?.setAttribute("aria-pressed", data.article === "on");
    data.folds = "ready"; // the styles need not fold any more
  };

  const choose = (choice) => {
    Object.assign(data, choice);
    show();
    keep();
  };

  for (const body of bodies) {
    buttons.get(body.id).addEventListener("click", () => set(body, body.hidden !== false));
    body.addEventListener("beforematch", () => set(body, true));
  }
  boxes.forEach((box) => box.addEventListener("change", () => choose({ path: box.value })));
  article?.addEventListener("click", () => choose({ article: data.article === "on" ? "off" : "on" }));

  // ---------------------------------------------------------------- links

  // An exercise that was in a chapter is on a page of its own, and old links still lead to it.
  const follow = (target) => {
    const link = target.closest("p").querySelector("a[href]");
    location.replace(link.href.split("#")[0] + location.hash);
  };

  const openAround = (target) => {
    const folds = bodies.filter((body) => body.contains(target) && body.hidden !== false);
    folds.forEach((body) => set(body, true));
    return folds.length > 0;
  };

  const go = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1).split("~")[0]) /* the rest is the setting of a figure */);
    if (!target) return;
    if (target.matches(".moved")) return follow(target);
    const aboutArticle = target.closest('.marks, [data-fold="article"]') && data.article === "off";
    if (aboutArticle) choose({ article: "on" });
    if (openAround(target) || aboutArticle) target.scrollIntoView();
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link) return;
    const here = link.pathname === location.pathname;
    if (here && link.hash && link.hash === location.hash) return go(); // the same again is no change
    const toReference = REFERENCE.test(link.pathname), fromReference = REFERENCE.test(location.pathname);
    if (link.closest(".bd-article") && !here && (toReference || fromReference)) choose({ article: "on" });
  });
  addEventListener("hashchange", go);
  addEventListener("storage", ({ key }) => key === KEY && (recall(), show())); // another tab
  addEventListener("pageshow", ({ persisted }) => persisted && (recall(), show()));

  if (location.hash.startsWith("#cites-")) keep(); // the head has switched it on
  show();
  go();
})();
