/* Values of dimensions as people read them, and the colours they keep on every page. Pure. */
import type { Named } from './types';
import { platformColor, platformName } from '../platforms';

/* Every channel that is common has a colour of its own, on every page; the rare ones borrow. */
const CHANNELS: Record<string, { label: string; color: string }> = {
  paid_search: { label: 'Paid search', color: '--platform-google-ads' },
  paid_social: { label: 'Paid social', color: '--platform-facebook-ads' },
  paid_shopping: { label: 'Paid shopping', color: '--platform-microsoft-ads' },
  cross_network: { label: 'Cross-network', color: '--platform-linkedin-ads' },
  email: { label: 'E-mail', color: '--platform-tiktok-ads' },
  organic_search: { label: 'Organic search', color: '--series-spend' },
  organic_social: { label: 'Organic social', color: '--channel-organic-social' },
  referral: { label: 'Referral', color: '--platform-pinterest-ads' },
  direct: { label: 'Direct', color: '--channel-direct' },
  affiliate: { label: 'Affiliates', color: '--platform-amazon-ads' },
  affiliates: { label: 'Affiliates', color: '--platform-amazon-ads' },
  ai: { label: 'AI assistants', color: '--channel-ai' },
  display: { label: 'Display', color: '--channel-display' },
  paid_video: { label: 'Paid video', color: '--channel-display' },
  paid_other: { label: 'Other paid', color: '--platform-amazon-ads' },
  organic_shopping: { label: 'Organic shopping', color: '--platform-microsoft-ads' },
  organic_video: { label: 'Organic video', color: '--channel-organic-social' },
  audio: { label: 'Audio', color: '--channel-ai' },
  sms: { label: 'SMS', color: '--platform-tiktok-ads' },
  mobile_push: { label: 'Mobile push', color: '--platform-pinterest-ads' },
  other: { label: 'Other', color: '--platform-other' },
  '(none)': { label: 'No touch known', color: '--platform-other' },
};
export const COLORS = ['--series-spend', '--series-metric', '--platform-microsoft-ads', '--platform-tiktok-ads', '--platform-facebook-ads', '--platform-linkedin-ads', '--platform-pinterest-ads', '--platform-amazon-ads'] as const;
export const OTHER_COLOR = '--platform-other';

/* campaign__channel and first_channel are channels too */
const kind = (dimension: string): string => {
  const last = dimension.replace(/^.*__/, '');
  return /(^|_)channel(_group)?$/.test(last) ? 'channel' : last;
};

export function valueText(dimension: string, value: string | null): string {
  if (value === null || value === '') return 'not known';
  const k = kind(dimension);
  if (k === 'platform') return platformName(value);
  if (k === 'channel' && Object.hasOwn(CHANNELS, value)) return CHANNELS[value]?.label ?? value;
  if (k === 'country' && /^[A-Z]{2}$/.test(value)) return countryName(value);
  return value;
}

let regions: Intl.DisplayNames | null = null;
export function countryName(code: string): string {
  try {
    regions ??= new Intl.DisplayNames('en', { type: 'region' });
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}

const SPARE = [...COLORS, '--platform-google-ads', '--platform-facebook-ads'] as const;

/* A colour each, never one twice in a picture of eight: first those that keep theirs everywhere, in the order of their table. */
export function valueColors(dimension: string, values: readonly (string | null)[]): string[] {
  const k = kind(dimension);
  const out = new Map<string | null, string>();
  const taken = new Set<string>();
  const give = (v: string | null, wanted: string | null): void => {
    const color = wanted !== null && !taken.has(wanted) ? wanted : (SPARE.find((c) => !taken.has(c)) ?? wanted ?? (COLORS[out.size % COLORS.length] as string));
    out.set(v, color);
    taken.add(color);
  };
  const known = (v: string | null): v is string => v !== null && ((k === 'channel' && Object.hasOwn(CHANNELS, v)) || (k === 'platform' && platformColor(v) !== OTHER_COLOR));
  if (k === 'channel') for (const name of Object.keys(CHANNELS)) if (values.includes(name)) give(name, CHANNELS[name]?.color ?? null);
  if (k === 'platform') for (const v of values) if (known(v)) give(v, platformColor(v));
  for (const v of values) {
    if (v === null) out.set(v, OTHER_COLOR);
    else if (!out.has(v)) give(v, null);
  }
  return values.map((v) => out.get(v) ?? OTHER_COLOR);
}

/* date_day, first_seen → Date day, First seen */
export const titleOf = (x: { name: string; title?: string | null }): string => (x.title && x.title !== x.name ? x.title : '') || x.name.replace(/__/g, ' · ').replace(/_/g, ' ').replace(/^./, (c) => c.toUpperCase());
/* Inside a sentence: "true CAC", "return on ad spend". Capitals that mean something stay. */
export const inside = (title: string): string => title.replace(/^[A-Z](?=-?[a-z])/, (c) => c.toLowerCase());

export const nameOf = (o: Named | undefined): string => (typeof o === 'string' ? o : (o?.name ?? o?.contact ?? ''));
