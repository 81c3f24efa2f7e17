// A reference, pointed at or reached by keyboard, shows what it leads to: an equation, the beginning of
// a section, a word of the glossary, a source, a claim of the ledger. Nothing is loaded before.
"use strict";
(() => {
  const PAUSE = 120; // ms: a pointer that only passes by asks for nothing
  const SIGNS = { holds: "✓", condition: "◐", corrected: "✗", omission: "○" };
  const LINKS = ".bd-article a.ledger, .bd-article a.reference.internal:not(.headerlink)";
  const root = document.documentElement.dataset.content_root ?? "./";
  const here = location.pathname.split("/").pop().replace(/\.html$/, "") || "index";
  const make = (tag, className, html = "") => Object.assign(document.createElement(tag), { className, innerHTML: html });

  // ---------------------------------------------------------------- what a card says

  const scripts = new Map();
  const load = (path) => {
    if (!scripts.has(path))
      scripts.set(
        path,
        new Promise((done) => {
          const script = Object.assign(document.createElement("script"), { src: `${root}${path}`, onload: done, onerror: done });
          document.head.append(script);
        }),
      );
    return scripts.get(path);
  };

  const claim = async (id) => {
    if (!window.LEDGER) await load("_static/ledger-cards.js");
    const told = window.LEDGER?.[id];
    if (!told) return null;
    const { verdict, graded, title, holds } = told;
    return make("div", `preview ${verdict}`, `<p class="head"><span>${SIGNS[verdict]} ${graded}</span> ${title}</p><div>${holds}</div>`);
  };

  const place = async (page, anchor) => {
    if (!window.CARDS?.[page]) await load(`cards/${page}.js`);
    const told = window.CARDS?.[page]?.[anchor];
    if (!told) return null;
    const [head, body] = told;
    return make("div", "preview", `${head && `<p class="head">${head}</p>`}<div>${body}</div>`);
  };

  const source = (link) => {
    const made = make("div", "preview", "<p></p>");
    made.firstChild.textContent = link.dataset.source;
    return made;
  };

  const of = (link) => {
    const page = link.pathname.split("/").pop().replace(/\.html$/, "") || here;
    const anchor = decodeURIComponent(link.hash.slice(1));
    if (link.matches(".ledger")) return claim(anchor);
    return link.dataset.source ? source(link) : place(page, anchor);
  };

  // ---------------------------------------------------------------- where it stands

  let card, from, pointed, timer;

  const hide = () => {
    card?.remove();
    card = from = undefined;
  };

  const show = (link, made) => {
    hide();
    from = link;
    card = made;
    card.setAttribute("aria-hidden", "true"); // a screen reader has the name of the link, and the link
    document.body.append(card);
    const at = link.getBoundingClientRect();
    const box = card.getBoundingClientRect();
    const left = Math.min(at.left, document.documentElement.clientWidth - box.width - 12);
    const below = at.bottom + box.height + 12 < innerHeight || at.top < box.height + 12;
    card.style.left = `${Math.max(left, 12) + scrollX}px`;
    card.style.top = `${(below ? at.bottom + 4 : at.top - box.height - 4) + scrollY}px`;
  };

  const point = async (link) => {
    if (from === link) return;
    const made = await of(link);
    if (made && pointed === link && from !== link) show(link, made);
  };

  // The card says more than the title of the link, which a browser would show beside it.
  const take = (link) => {
    pointed = link;
    if (!link.title) return;
    if (link.pathname.endsWith("/bibliography.html")) link.dataset.source = link.title;
    link.removeAttribute("title");
  };

  const leave = () => {
    pointed = undefined;
    clearTimeout(timer);
  };

  const linkOf = ({ target }) => {
    const link = target.closest?.(LINKS);
    return link?.hash && !link.closest("nav") ? link : null;
  };

  document.addEventListener("pointerover", (event) => {
    const link = event.pointerType === "mouse" && linkOf(event);
    if (!link || link === pointed) return;
    leave();
    take(link);
    timer = setTimeout(point, PAUSE, link);
  });
  document.addEventListener("pointerout", (event) => pointed && linkOf(event) && !pointed.contains(event.relatedTarget) && leave());
  document.addEventListener("focusin", (event) => {
    const link = linkOf(event);
    if (!link?.matches(":focus-visible")) return;
    take(link);
    point(link);
  });
  document.addEventListener("focusout", () => {
    leave();
    hide();
  });
  document.addEventListener("pointermove", ({ target }) => {
    // The pointer may go on to the card.
    if (card && !from.contains(target) && !card.contains(target)) hide();
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    leave();
    hide();
  });
})();
