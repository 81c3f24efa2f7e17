// HTML that may have been made by anybody, without what could act, load, or cover the page.

const TAGS = new Set(
  ("a b br caption code dd details div dl dt em h3 h4 h5 h6 hr i kbd li math mfrac mi mn mo mover mpadded mrow " +
    "mspace msqrt mroot mstyle msub msubsup msup mtable mtd mtext mtr munder munderover ol p pre s samp semantics " +
    "small span strong sub summary sup table tbody td tfoot th thead tr u ul").split(" "),
);
const ATTRIBUTES = new Set(["class", "colspan", "rowspan", "scope", "open", "data-section"]);
// Whatever is in these is dropped with them; of other unknown elements the content stays.
const DROPPED = new Set(["script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "form", "textarea", "select", "title"]);
const CLASSES = new Set(["answer"]); // no class of the page can be borrowed

const copy = (node, inside) => {
  if (node.nodeType === Node.TEXT_NODE) return inside.append(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  const tag = node.localName;
  if (DROPPED.has(tag)) return;
  let target = inside;
  if (TAGS.has(tag)) {
    target = document.createElementNS(node.namespaceURI, tag);
    for (const { name, value } of node.attributes) {
      if (!ATTRIBUTES.has(name)) continue;
      target.setAttribute(name, name === "class" ? value.split(/\s+/).filter((one) => CLASSES.has(one)).join(" ") : value);
    }
    if (!target.getAttribute("class")) target.removeAttribute("class");
    inside.append(target);
  }
  for (const child of node.childNodes) copy(child, target);
};

// `sections` says where the book's sections are: an element that names one becomes a link to it.
export const clean = (html, sections = {}) => {
  const inside = document.createDocumentFragment();
  for (const node of new DOMParser().parseFromString(html, "text/html").body.childNodes) copy(node, inside);
  for (const named of inside.querySelectorAll("[data-section]")) {
    const address = Object.hasOwn(sections, named.dataset.section) && sections[named.dataset.section];
    if (!address) continue;
    const link = document.createElement("a");
    link.href = address;
    link.append(...named.childNodes);
    named.replaceWith(link);
  }
  return inside;
};
