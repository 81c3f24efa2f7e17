// The contents of a page mark the section that is being read: the last whose heading has come above a
// line, or, where the page ends before that, what a link has led to, or else the last in view.
"use strict";
(() => {
  const contents = document.getElementById("page-contents");
  if (!contents) return;
  const entries = [...contents.querySelectorAll(".toc-entry")];
  const links = [...contents.querySelectorAll('a[href^="#"]')];
  const headings = new Map(
    links.map((link) => [link, document.getElementById(link.hash.slice(1))?.querySelector("h1, h2, h3, h4")]),
  );
  const LINE = 0.2; // of the height of the window

  // What a browser has not laid out, because it is far from the screen, is not measured: that would lay
  // it out. Its section has a size.
  const isAbove = (heading, line) => {
    if (!heading || heading.closest("[hidden]")) return false;
    const section = heading.closest(".bd-article > section > section");
    if (section?.getBoundingClientRect().top > line) return false;
    if (section?.getBoundingClientRect().bottom < 0) return true;
    return heading.getBoundingClientRect().top < line;
  };
  const above = (line) => links.findLast((link) => isAbove(headings.get(link), line));

  const atTheEnd = () => {
    const target = links.find((link) => link.hash === location.hash);
    const top = target && headings.get(target)?.getBoundingClientRect().top;
    return top >= 0 && top < innerHeight ? target : above(innerHeight);
  };

  const mark = () => {
    const root = document.documentElement;
    const ends = innerHeight + scrollY >= root.scrollHeight - 2 && scrollY > 0;
    const current = ends ? atTheEnd() : above(innerHeight * LINE);
    for (const link of links) {
      link.classList.toggle("active", link === current);
      if (link === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    entries.forEach((entry) => entry.classList.toggle("active", entry.contains(current ?? null)));
  };

  // Who reports an error need not say where: the form gets the section on the screen.
  document.querySelector(".report a")?.addEventListener("click", ({ target }) => {
    const address = new URL(target.href), place = address.searchParams.get("place");
    if (place) address.searchParams.set("place", place.split("#")[0] + (contents.querySelector(".active[href]")?.hash ?? ""));
    target.href = address;
  });

  let asked = false;
  const ask = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      mark();
    });
  };

  addEventListener("scroll", ask, { passive: true });
  addEventListener("hashchange", ask);
  new ResizeObserver(ask).observe(document.querySelector("article") ?? document.body); // asks at once, too
})();

// Contents that are a drawer, as on a phone, close with a button and once a link in them is followed.
for (const side of ["primary", "secondary"]) {
  const drawer = document.getElementById(`pst-${side}-sidebar-modal`);
  const contents = document.getElementById(`pst-${side}-sidebar`);
  if (!drawer || !contents) continue;
  const close = document.createElement("button");
  Object.assign(close, { type: "button", className: "btn btn-sm drawer-close", textContent: "Close" });
  close.addEventListener("click", () => drawer.close());
  contents.prepend(close); // the theme moves it into the drawer with the rest
  drawer.addEventListener("click", ({ target }) => target.closest("a[href]") && drawer.close());
}
