/* The tracking plan beside what came: one row for each event type that is planned or was seen. */

export interface PlannedMember {
  name: string;
  path: string;
  type: string;
  required: boolean;
  personal: boolean;
  title: string;
}
export interface SourcePlan {
  source: string;
  unplanned: 'pass' | 'quarantine';
  dedup_window_s: number;
  rate: number;
  origins: string[];
  days: number;
  planned: { type: string; event: string; description: string; closed: boolean; file: string; members: PlannedMember[] }[];
  seen: { type: string; event: string | null; events: number; newest: string | null }[];
  rejected: { type: string | null; event: string | null; reason: string; field: string | null; count: number }[];
}
export interface PlanRow {
  type: string;
  event: string;
  planned: SourcePlan['planned'][number] | null;
  events: number;
  newest: string | null;
  rejected: number;
}

const key = (type: string, event: string): string => `${type} ${event}`;

/* A plan for `*` covers every name of its type. */
export function planRows(p: SourcePlan): PlanRow[] {
  const rows = new Map<string, PlanRow>();
  for (const k of p.planned) rows.set(key(k.type, k.event), { type: k.type, event: k.event, planned: k, events: 0, newest: null, rejected: 0 });
  const find = (type: string, event: string): PlanRow => {
    const exact = rows.get(key(type, event));
    if (exact) return exact;
    const any = rows.get(key(type, '*'));
    if (any) return any;
    const fresh: PlanRow = { type, event, planned: null, events: 0, newest: null, rejected: 0 };
    rows.set(key(type, event), fresh);
    return fresh;
  };
  for (const s of p.seen) {
    const row = find(s.type, s.event ?? '');
    row.events += s.events;
    if (row.newest === null || (s.newest !== null && s.newest > row.newest)) row.newest = s.newest;
  }
  for (const r of p.rejected) if (r.type) find(r.type, r.event ?? '').rejected += r.count;
  return [...rows.values()].sort((a, b) => b.events + b.rejected - (a.events + a.rejected) || a.event.localeCompare(b.event));
}

/* The sentence above the table. Only actions are strangers: pages and screens are rarely planned one by one. */
export function planSentence(rows: readonly PlanRow[], unplanned: SourcePlan['unplanned']): string {
  const planned = rows.filter((r) => r.planned).length;
  const strangers = rows.filter((r) => !r.planned && r.type === 'track' && r.events + r.rejected > 0).length;
  const first = planned === 0 ? 'No event type is planned yet' : `${planned} event ${planned === 1 ? 'type is' : 'types are'} planned`;
  if (strangers === 0) return `${first}.`;
  return `${first}; ${strangers} that came ${strangers === 1 ? 'is' : 'are'} not, and ${unplanned === 'pass' ? 'pass all the same' : 'wait in quarantine'}.`;
}
