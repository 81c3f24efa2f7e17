// What the theme's buttons do: colours, search, the two sidebars. The theme's own script measures
// every listing when it starts, and a browser then lays out the whole page. Here nothing is measured
// that is not on screen anyway.
"use strict";
(() => {
  const root = document.documentElement;
  const find = (selector) => document.querySelector(selector);
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  const store = (storage, key, value) => {
    try {
      storage.setItem(key, value);
    } catch {
      // a private window, or storage that is full or forbidden: it holds for this page
    }
  };
  const stored = (storage, key) => {
    try {
      return storage.getItem(key);
    } catch {
      return null;
    }
  };

  // ---------------------------------------------------------------- colours

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const { mode } = root.dataset;
    const theme = mode === "light" || mode === "dark" ? mode : dark.matches ? "dark" : "light";
    if (root.dataset.theme !== theme) root.dataset.theme = theme;
    return theme;
  };
  each(".theme-switch-button", (button) =>
    button.addEventListener("click", () => {
      const modes = dark.matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
      root.dataset.mode = modes[(modes.indexOf(root.dataset.mode) + 1) % 3];
      store(localStorage, "theme", paint());
      store(localStorage, "mode", root.dataset.mode);
    }),
  );
  dark.addEventListener("change", paint);

  // ---------------------------------------------------------------- dialogs

  // A dialog fills its parent but for a margin: a click beside it is a click on none of its children.
  const closeBeside = (dialog) =>
    dialog.addEventListener("click", ({ clientX: x, clientY: y }) => {
      const { left, right, top, bottom } = dialog.getBoundingClientRect();
      if (x < left || x > right || y < top || y > bottom) dialog.close();
    });

  const search = document.getElementById("pst-search-dialog");
  const field = find(":not(dialog) > form.bd-search input"); // the page of the search has one of its own
  const seek = () => {
    if (field) field.select();
    else if (search.open) search.close();
    else search.showModal();
  };
  each(".search-button__button", (button) => button.addEventListener("click", seek));
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || event.shiftKey || event.altKey) return;
    if (event.ctrlKey === event.metaKey) return; // one of the two
    event.preventDefault();
    seek();
  });
  if (search) closeBeside(search);
  if (navigator.platform.startsWith("Mac")) each("kbd.kbd-shortcut__modifier", (key) => (key.textContent = "⌘"));

  // ---------------------------------------------------------------- sidebars

  const move = (from, to) => {
    to.append(...from.childNodes);
    to.classList.add(...from.classList);
    from.className = "";
  };

  // On a narrow screen a sidebar is shown in a dialog; on a wide one the left one is put aside.
  const sidebar = (name) => {
    const [button, bar] = [find(`.${name}-toggle`), document.getElementById(`pst-${name}-sidebar`)];
    const dialog = document.getElementById(`pst-${name}-sidebar-modal`);
    if (!button || !bar || !dialog) return;
    button.addEventListener("click", () => {
      if (name === "primary" && matchMedia("(width >= 992px)").matches) {
        bar.classList.toggle("pst-sidebar-hidden");
        return;
      }
      move(bar, dialog);
      dialog.showModal();
      if (name === "primary") showHere(dialog);
    });
    closeBeside(dialog);
    dialog.addEventListener("close", () => {
      move(dialog, bar);
      button.focus({ preventScroll: true }); // a link in it has led to where the page is now
    });
  };
  ["primary", "secondary"].forEach(sidebar);

  // The list of pages stays where it was scrolled to, as long as this page is in view there.
  const bar = find(".bd-sidebar-primary");
  const here = [...bar.querySelectorAll(".bd-docs-nav .active")].at(-1);
  const showHere = (list) => {
    const seen = list.getBoundingClientRect(), now = here?.getBoundingClientRect();
    if (now?.top < seen.top || now?.bottom > seen.bottom) list.scrollTop += now.top - seen.top - seen.height / 4;
  };
  const place = () => {
    const kept = parseInt(stored(sessionStorage, "sidebar-scroll-top"), 10);
    if (kept >= 0) bar.scrollTop = kept;
    showHere(bar);
  };
  addEventListener("pagehide", () => store(sessionStorage, "sidebar-scroll-top", bar.scrollTop));

  // ---------------------------------------------------------------- what is on screen

  // What scrolls sideways can be reached by keyboard. A browser reports no size of what it has not
  // laid out yet, so that nothing is laid out for this.
  const sizes = new ResizeObserver((entries) => {
    const areas = entries.map(({ target }) => [
      target,
      target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight,
    ]);
    for (const [area, scrolls] of areas) {
      if (scrolls) area.tabIndex = 0;
      else if (area.hasAttribute("tabindex")) area.removeAttribute("tabindex");
    }
  });
  const watch = (part) =>
    part
      .querySelectorAll("pre, .cell_output > .output, .pst-scrollable-table-container")
      .forEach((area) => sizes.observe(area));
  watch(document);
  addEventListener("filled", ({ target }) => watch(target)); // a row of the ledger

  const top = find(".sbt-scroll-pixel-helper");
  if (top)
    new IntersectionObserver(([entry]) => {
      document.body.classList.toggle("scrolled", entry.boundingClientRect.y < 0);
    }).observe(top);

  requestAnimationFrame(() => requestAnimationFrame(place)); // the first picture is there
})();
