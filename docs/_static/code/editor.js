// The editor: CodeMirror in a shadow root, where its styles are allowed by a policy that allows no style in the page.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { words } from "./words.js";

const COLORS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.definitionKeyword], color: "var(--link)", fontWeight: "600" },
  { tag: [tags.string, tags.number, tags.bool, tags.null], color: "var(--warm-text, var(--ink))" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: tags.function(tags.definition(tags.variableName)), fontWeight: "600" },
]);

const LOOK = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--code)", fontSize: "0.95rem", border: "1px solid var(--rule)", borderRadius: "6px" },
  "&.cm-focused": { outline: "2px solid var(--cool)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", maxHeight: "70vh", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.5rem 0" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--quiet)", border: "0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": { backgroundColor: "color-mix(in srgb, var(--cool) 30%, transparent)" },
  ".cm-matchingBracket": { outline: "1px solid var(--cool)", backgroundColor: "transparent !important" },
  ".cm-wrong-line": { backgroundColor: "color-mix(in srgb, var(--warm) 8%, transparent)", boxShadow: "inset 3px 0 var(--warm)" },
});

const markLine = StateEffect.define();
const markedLine = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects)
      if (effect.is(markLine)) {
        const number = effect.value;
        if (!number || number > transaction.state.doc.lines) return Decoration.none;
        return Decoration.set([Decoration.line({ class: "cm-wrong-line" }).range(transaction.state.doc.line(number).from)]);
      }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Put an editor into an element; `changed` hears each new text, `submit` is Ctrl-Enter. */
export function makeEditor(place, text, { changed, submit }) {
  const root = place.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), history(), indentOnInput(), bracketMatching(), python(), indentUnit.of("    "), syntaxHighlighting(COLORS), LOOK, markedLine,
        keymap.of([{ key: "Mod-Enter", run: () => (submit(), true) }, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ "aria-label": `${words.editor}. ${words.editorHelp}`, autocapitalize: "off", spellcheck: "false" }),
        EditorView.updateListener.of((update) => { if (update.docChanged) changed(update.state.doc.toString()); }),
      ],
    }),
  });
  view.scrollDOM.tabIndex = 0; // a region that scrolls must be reachable by keyboard
  return {
    text: () => view.state.doc.toString(),
    setText: (next) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } }),
    mark: (number) => view.dispatch({ effects: markLine.of(number ?? 0) }),
    focus: () => view.focus(),
  };
}
