/* What a principal may do, in words and as questions. The server decides; this only keeps from sight what it would refuse. Pure. */
import { sentenceList } from './format';
import type { Me, Right } from './types';

export const RIGHTS: Record<Right, { word: string; may: string }> = {
  build: { word: 'Build', may: 'run and change sources, products and dashboards' },
  approve: { word: 'Approve', may: 'answer requests and decide in the council' },
  administer: { word: 'Administer', may: 'look after people, service tokens and policies' },
  reveal: { word: 'Reveal', may: 'see personal values of one record at a time, with a reason that is written down' },
  detokenise: { word: 'Detokenise', may: 'turn a token back into the value it stands for; each time is written down' },
  consent: { word: 'Consent', may: 'state consent for people' },
  privacy: { word: 'Privacy', may: 'answer privacy requests: access, export, erasure, retention, holds' },
  audit: { word: 'Audit', may: 'read the audit log' },
};

/* `domain` left out: anywhere at all. */
export function may(me: Me | undefined, right: Right, domain?: string): boolean {
  const held = me?.rights.find((r) => r.right === right);
  if (!held) return false;
  return domain === undefined || held.domains === null || held.domains.includes(domain);
}
/* A thing of the declaration: "domain", "domain.thing", or a term or goal of the whole mesh by its name alone. */
export function mayEdit(me: Me | undefined, kind: string, ref: string): boolean {
  const at = ref.indexOf('.');
  if (at >= 0) return may(me, 'build', ref.slice(0, at));
  return kind === 'domain' ? may(me, 'build', ref) : mayWhole(me, 'build');
}
/* In the whole mesh, not in some domains alone. */
export function mayWhole(me: Me | undefined, right: Right): boolean {
  return me?.rights.some((r) => r.right === right && r.domains === null) ?? false;
}
export function mayAny(me: Me | undefined, rights: readonly Right[]): boolean {
  return rights.length === 0 || rights.some((r) => may(me, r));
}

/* the right “audit”; one of the rights “approve” and “audit” */
export function neededSentence(rights: readonly Right[]): string {
  if (rights.length === 1) return `the right “${rights[0]}”`;
  return `one of the rights ${sentenceList(rights.map((r) => `“${r}”`))}`;
}

const KIND_WORD: Record<Me['kind'], string> = {
  local: 'whoever started this server, by its printed address',
  user: 'a person who signed in',
  token: 'a service token',
  preview: 'a look as another role',
};
export const kindWord = (kind: Me['kind']): string => KIND_WORD[kind] ?? kind;
