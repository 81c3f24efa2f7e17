// Which entries fit a query, the best first. The page and the tests use the same.
import MiniSearch from "minisearch";

// British and American spellings are one word, and so are one thing and several.
const SPELLINGS = [
  [/(?<=\w{3})is(e|es|ed|er|ers|ing|ation|ations)$/, "iz$1"],
  [/(?<=\w{2})our(s|ed|ing|al|able)?$/, "or$1"],
  [/(?<=\w)tre(s|d)?$/, "ter$1"],
  [/(?<=\w{2})ll(ed|ing|er|ers)$/, "l$1"],
  [/(?<=\w{2})ae/, "e"],
  [/(?<=\w{3})(?<![su])s$/, ""],
  [/(?<=\w{3})(?:izer|ization|ize)$/, "iz"],
  [/(?<=\w{3})ation$/, "at"],
  [/(?<=\w{3})(?:ing|ed)$/, ""],
  [/(?<=\w{3})e$/, ""],
  [/(?<=\w{2})(\w)\1$/, "$1"], // clipped and clip
];
const word = (term) => SPELLINGS.reduce((text, [from, to]) => text.replace(from, to), term.toLowerCase());

// What has a hyphen is one word and two, and a name of code is found by its parts too.
const tokenize = (text) =>
  text
    .split(/[^\p{L}\p{N}_-]+/u)
    .flatMap((one) => [one.replaceAll("-", ""), ...(/[_-]/.test(one) ? one.split(/[_-]+/) : [])])
    .filter(Boolean);

// A section that teaches something comes before a list, a name of code or an exercise that uses it.
const LESS = { code: 0.55, term: 0.4, claim: 0.3 };
const LESS_ON = [[/^(ledger|crosswalk|equations|formulas)\./, 0.3], [/-exercises\./, 0.5], [/^api/, 0.6], [/^index/, 0.7]];
const worth = ({ kind, level, address }) => {
  const [, onPage] = LESS_ON.find(([pages]) => pages.test(address)) ?? [];
  return (LESS[kind] ?? onPage ?? 1) * (1 - 0.15 * Math.max(level - 1, 0));
};

export function makeSearch(pages) {
  const search = new MiniSearch({
    fields: ["title", "other", "page", "text"],
    storeFields: ["address", "title", "text", "page", "kind", "level"],
    tokenize,
    processTerm: word,
    searchOptions: {
      boost: { title: 5, other: 5, page: 1.5 },
      combineWith: "AND",
      prefix: (term) => term.length > 3,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      weights: { prefix: 0.3, fuzzy: 0.15 },
      boostDocument: (id, term, document) => worth(document),
    },
  });
  const documents = pages.flatMap(({ title, number, entries }) =>
    entries.map((entry) => ({ other: "", level: 1, ...entry, page: number ? `${number}. ${title}` : title })),
  );
  search.addAll(documents.map((document, id) => ({ id, ...document })));
  return (query) => {
    const all = search.search(query);
    return all.length ? all : search.search(query, { combineWith: "OR" });
  };
}
