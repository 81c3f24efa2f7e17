// The page of the search: a list of sections, each with the sentence around the words that were found.
import { makeSearch } from "./query.mjs";

const MOST = 40;
const AROUND = 90; // characters of an excerpt before and after a word

const field = document.querySelector(".bd-search-container input[name=q]");
const results = document.getElementById("search-results");
const search = makeSearch(window.BOOK_TEXTS);
const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const escape = (term) => term.replace(/[^\p{L}\p{N}_]/gu, "\\$&");

// The words as they stand in the text, whatever the spelling of the query.
const marked = (text, terms) => {
  const parts = text.split(new RegExp(`(${terms.map(escape).join("|")})`, "iu"));
  return parts.map((part, i) => (i % 2 ? make("mark", {}, part) : part));
};
const excerpt = (text, terms) => {
  const found = terms.map((term) => text.toLowerCase().indexOf(term.toLowerCase())).filter((at) => at >= 0);
  const at = found.length ? Math.min(...found) : 0;
  const start = at > AROUND ? text.indexOf(" ", at - AROUND) + 1 : 0;
  const end = at + AROUND * 2 < text.length ? text.lastIndexOf(" ", at + AROUND * 2) : text.length;
  return [start ? "… " : "", ...marked(text.slice(start, end), terms), end < text.length ? " …" : ""];
};

const item = ({ address, title, page, text, terms }) =>
  make(
    "li",
    {},
    make("a", { href: address }, title),
    title === page || page.endsWith(`. ${title}`) ? "" : make("span", { className: "context" }, ` in ${page}`),
    make("p", { className: "context" }, ...(text ? excerpt(text, terms) : [])),
  );

const show = (query) => {
  const found = query.trim() ? search(query) : [];
  const count = found.length === 1 ? "One place" : found.length ? `${found.length} places` : "Nothing";
  const status = query.trim() ? `${count} found for “${query.trim()}”.` : "";
  results.replaceChildren(
    make("p", { role: "status" }, status),
    make("ul", { className: "search" }, ...found.slice(0, MOST).map(item)),
  );
};

const asked = new URLSearchParams(location.search).get("q") ?? "";
field.value = asked;
field.focus();
field.select();
show(asked);

let timer;
field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => show(field.value), 150);
});
field.form.addEventListener("submit", (event) => {
  event.preventDefault();
  history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
  show(field.value);
});
