// An editor of Python, in the colours that the page's printed code has.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { pythonLanguage } from "@codemirror/lang-python";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, keymap, lineNumbers } from "@codemirror/view";
import { tagHighlighter, tags as t } from "@lezer/highlight";

// The classes of Pygments, whose style sheet every page with code has, in both themes.
const colours = tagHighlighter([
  { tag: [t.keyword, t.controlKeyword, t.definitionKeyword, t.moduleKeyword], class: "k" },
  { tag: t.operatorKeyword, class: "ow" },
  { tag: [t.string, t.special(t.string)], class: "s2" },
  { tag: [t.integer, t.float, t.number], class: "mi" },
  { tag: [t.bool, t.null], class: "kc" },
  { tag: [t.comment, t.lineComment], class: "c1" },
  { tag: [t.function(t.definition(t.variableName))], class: "nf" },
  { tag: t.definition(t.className), class: "nc" },
  { tag: [t.operator, t.arithmeticOperator, t.compareOperator, t.logicOperator, t.definitionOperator], class: "o" },
]);

const setMark = StateEffect.define();
const marked = StateField.define({
  create: () => Decoration.none,
  update(now, { effects, state, docChanged }) {
    for (const { value } of effects.filter((effect) => effect.is(setMark))) {
      const there = value && value <= state.doc.lines;
      return there ? Decoration.set(Decoration.line({ class: "live-marked" }).range(state.doc.line(value).from)) : Decoration.none;
    }
    return docChanged ? Decoration.none : now; // it spoke of another text
  },
  provide: (field) => EditorView.decorations.from(field),
});

const theme = EditorView.theme({
  "&": { color: "inherit", backgroundColor: "transparent" },
  ".cm-scroller": { fontFamily: "var(--pst-font-family-monospace)", lineHeight: "1.45" },
  ".cm-content": { caretColor: "var(--pst-color-text-base)" },
  ".cm-cursor": { borderLeftColor: "var(--pst-color-text-base)" },
  ".cm-gutters": { color: "var(--pst-color-text-muted)", backgroundColor: "transparent", border: "none" },
  "&.cm-focused": { outline: "none" }, // the frame shows the focus
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--pst-color-primary) 25%, transparent)",
  },
});

// Put an editor into `host`. `act` is what Shift+Enter does; `typed` hears of every change.
export const makeEditor = (host, { text, label, describedBy, act, typed }) => {
  const run = () => (act(), true);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const attributes = { "aria-label": label, "aria-describedby": describedBy, autocapitalize: "off", autocorrect: "off", spellcheck: "false" };
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), history(), drawSelection({ cursorBlinkRate: still ? 0 : 1200 }), indentOnInput(), bracketMatching(), pythonLanguage,
        indentUnit.of("    "), EditorState.tabSize.of(4), syntaxHighlighting(colours), marked, theme,
        keymap.of([{ key: "Shift-Enter", run }, { key: "Mod-Enter", run }, indentWithTab, ...defaultKeymap, ...historyKeymap]),
        EditorView.contentAttributes.of(attributes),
        EditorView.updateListener.of((update) => update.docChanged && typed()),
      ],
    }),
  });
  return {
    get: () => view.state.doc.toString(),
    set: (now) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: now } }),
    mark: (line) => view.dispatch({ effects: setMark.of(line) }),
    focus: () => view.focus(),
    close: () => view.destroy(),
  };
};
