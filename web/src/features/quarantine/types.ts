export interface Rejected {
  id: number;
  source: string;
  type: string | null;
  event: string | null;
  message_id: string | null;
  reason: string;
  field: string | null;
  message: string;
  state: string;
  received_at: string;
}
export interface RejectedGroup {
  source: string;
  type: string | null;
  event: string | null;
  reason: string;
  field: string | null;
  count: number;
  newest: string;
}
export interface RejectedFile {
  stream: string;
  path: string;
  column: string | null;
  reason: string;
  message: string;
  rows: number;
  first_line: number;
  newest: string;
}
export interface Quarantine {
  total: number;
  groups: RejectedGroup[];
  events: Rejected[];
  files: RejectedFile[];
}
export const STATE_WORDS: Record<string, string> = { waiting: 'waits', fixed: 'changed, not loaded yet', replayed: 'mended and loaded', dropped: 'given up' };
