/* The one place that knows CodeMirror: an editor for SQL in the look of the page, behind a handle without its types. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { PostgreSQL, sql } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';

export interface EditorHandle {
  text(): string;
  setText(text: string): void;
  insert(text: string): void;
  know(schema: Record<string, Record<string, string[]>>): void;
  /* null: none */
  showError(at: number | null, message: string): void;
  focus(): void;
  dispose(): void;
}

const colors = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--accent)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
  { tag: [tags.lineComment, tags.blockComment], color: 'var(--faint)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.standard(tags.name)], color: 'var(--series-metric)' },
]);
const look = EditorView.theme({
  '&': { backgroundColor: 'var(--surface)', color: 'var(--text)', fontSize: '13px', height: '100%' },
  '&.cm-focused': { outline: 'none' },
  '.cm-content': { fontFamily: 'var(--mono)', caretColor: 'var(--text)', padding: '10px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-scroller': { lineHeight: '1.6' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--faint)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--hover) 55%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--accent-soft)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)', color: 'inherit' },
  '.cm-tooltip': { border: '1px solid var(--line)', borderRadius: '6px', backgroundColor: 'var(--surface)', color: 'var(--text)', boxShadow: 'var(--shadow)' },
  '.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent-soft)', color: 'var(--text)' },
  '.cm-placeholder': { color: 'var(--faint)' },
  '.cm-diagnostic': { fontFamily: 'var(--font)', borderLeftColor: 'var(--bad)' },
});

export function create(box: HTMLElement, o: { text: string; label: string; hint: string; onrun: () => void; onchange: () => void }): EditorHandle {
  const known = new Compartment();
  const language = (schema: Record<string, Record<string, string[]>>) => sql({ dialect: PostgreSQL, schema, upperCaseKeywords: true });
  const view = new EditorView({
    parent: box,
    state: EditorState.create({
      doc: o.text,
      extensions: [
        /* before the keys of the editor, of which one makes a line of Ctrl-Enter; Escape then Tab leaves it */
        Prec.highest(
          keymap.of([
            {
              key: 'Mod-Enter',
              run: () => {
                o.onrun();
                return true;
              },
            },
          ]),
        ),
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ icons: false }),
        highlightActiveLine(),
        lintGutter(),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
        known.of(language({})),
        syntaxHighlighting(colors),
        look,
        placeholder(o.hint),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': o.label }),
        EditorView.updateListener.of((u) => {
          if (u.docChanged) o.onchange();
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    setText(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    insert(text) {
      const { from, to } = view.state.selection.main;
      view.dispatch({ changes: { from, to, insert: text }, selection: { anchor: from + text.length } });
      view.focus();
    },
    know(schema) {
      view.dispatch({ effects: known.reconfigure(language(schema)) });
    },
    showError(at, message) {
      const n = view.state.doc.length;
      const word = at === null ? null : view.state.wordAt(Math.min(at, n));
      const from = at === null ? 0 : Math.min(word?.from ?? at, n);
      const to = at === null ? 0 : Math.min(Math.max(word?.to ?? at + 1, from), n);
      view.dispatch(setDiagnostics(view.state, at === null ? [] : [{ from, to, severity: 'error', message }]));
      if (at !== null) view.dispatch({ selection: { anchor: from }, scrollIntoView: true });
    },
    focus: () => view.focus(),
    dispose: () => view.destroy(),
  };
}
