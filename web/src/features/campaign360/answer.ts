/* The sentence at the top of the dashboard, and what moved the return. */
import * as format from '../../lib/format';
import { platformName } from '../../lib/platforms';
import { numberOf, textOf, type Row } from '../../lib/query/sql';
import type { Figures } from './metrics';

export interface CampaignRow {
  platform: string | null;
  accountId: string | null;
  campaignId: string | null;
  name: string;
  spend: number | null;
  conversions: number | null;
  value: number | null;
  roas: number | null;
  previousSpend: number | null;
  previousValue: number | null;
}

export function campaignRow(row: Row): CampaignRow {
  const id = textOf(row.campaign_id ?? null);
  return {
    platform: textOf(row.platform ?? null),
    accountId: textOf(row.account_id ?? null),
    campaignId: id,
    name: textOf(row.campaign_name ?? null) ?? (id ? `Campaign ${id}` : 'No campaign'),
    spend: numberOf(row.spend),
    conversions: numberOf(row.conversions),
    value: numberOf(row.conversions_value),
    roas: numberOf(row.roas),
    previousSpend: numberOf(row.previous_spend),
    previousValue: numberOf(row.previous_value),
  };
}

export interface Mover {
  row: CampaignRow;
  effect: number; /* on the return per unit spent */
  share: number; /* of the whole change */
}

/* How far each campaign moved the overall return R = V / S. With the return before called R0, a campaign's effect is
 * ((v1 - v0) - R0 (s1 - s0)) / S1: what it brought beyond its extra spend at the old return. The effects of all
 * campaigns add up to R1 - R0 exactly. */
export function movers(rows: readonly CampaignRow[]): Mover[] {
  let s1 = 0;
  let s0 = 0;
  let v1 = 0;
  let v0 = 0;
  for (const r of rows) {
    s1 += r.spend ?? 0;
    s0 += r.previousSpend ?? 0;
    v1 += r.value ?? 0;
    v0 += r.previousValue ?? 0;
  }
  if (s1 <= 0 || s0 <= 0) return [];
  const before = v0 / s0;
  const whole = v1 / s1 - before;
  if (whole === 0) return [];
  return rows
    .map((row) => {
      const gained = (row.value ?? 0) - (row.previousValue ?? 0);
      const spent = (row.spend ?? 0) - (row.previousSpend ?? 0);
      const effect = (gained - before * spent) / s1;
      return { row, effect, share: effect / whole };
    })
    .sort((a, b) => b.share - a.share);
}

/* A piece of the sentence; `strong` pieces are the figures. */
export interface Piece {
  text: string;
  strong?: boolean;
}

const plain = (text: string): Piece => ({ text });
const strong = (text: string): Piece => ({ text, strong: true });

function change(now: number, before: number): 'up' | 'down' | 'same' {
  if (before === 0) return now === 0 ? 'same' : 'up';
  const share = (now - before) / Math.abs(before);
  return Math.abs(share) < 0.01 ? 'same' : share > 0 ? 'up' : 'down';
}

export function answer(
  title: string,
  now: Figures,
  before: Figures | null,
  rows: readonly CampaignRow[] | null,
  currency: string,
): Piece[] {
  if (now.spend === null) return [plain(`${title}: no spend is known for this choice.`)];
  const pieces = [plain(`${title}: spend `), strong(`${currency} ${format.compact(now.spend, 'money')}`)];
  if (now.roas === null) {
    pieces.push(plain(', with no return reported by the platforms.'));
    return pieces;
  }
  pieces.push(plain(', returned '), strong(format.exact(now.roas, 'ratio')), plain(` per ${currency}`));
  if (before && before.roas !== null) {
    const direction = change(now.roas, before.roas);
    if (direction === 'same') {
      pieces.push(plain(`, about as before (${format.exact(before.roas, 'ratio')})`));
    } else {
      pieces.push(plain(`, ${direction} from ${format.exact(before.roas, 'ratio')}`));
      const top = rows ? movers(rows)[0] : undefined;
      if (top && top.share >= 0.15) {
        const name = `${platformName(top.row.platform)} / ${top.row.name}`;
        pieces.push(
          plain(top.share >= 0.5 ? '; most of the change is ' : '; the largest part of the change is '),
          strong(name),
        );
      } else if (top) {
        pieces.push(plain('; the change is spread over many campaigns'));
      }
    }
  }
  pieces.push(plain('.'));
  return pieces;
}
