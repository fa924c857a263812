/* The SQL of the Campaign 360 dashboard, as pure functions of what the page shows. Sums come from `campaign_daily`
 * unless a level of the breakdown has a port of its own; ratios are always made from sums. */
import type { Grain } from '../dates';
import { dayCount } from '../dates';
import { Binder, tableName, type Statement } from './sql';

export interface Period {
  from: string;
  to: string;
}

export interface Scope {
  domain: string;
  period: Period;
  previous: Period | null;
  platforms: string[];
  campaigns: string[];
}

/* Sums first, then what is made from them. Money is in the reporting currency; a row whose rate is unknown has none,
 * so its clicks, impressions and conversions stay out of the costs per click, per thousand and per conversion. */
const MEASURES: readonly (readonly [name: string, sql: string])[] = [
  ['spend', 'sum(spend_reporting)'],
  ['impressions', 'sum(impressions)'],
  ['clicks', 'sum(clicks)'],
  ['conversions', 'sum(conversions)'],
  ['conversions_value', 'sum(conversions_value_reporting)'],
  ['roas', 'sum(conversions_value_reporting) / nullif(sum(spend_reporting), 0)'],
  ['cpa', 'sum(spend_reporting) / nullif(sum(conversions) FILTER (WHERE spend_reporting IS NOT NULL), 0)'],
  ['ctr', 'sum(clicks) / nullif(sum(impressions), 0)'],
  ['cpc', 'sum(spend_reporting) / nullif(sum(clicks) FILTER (WHERE spend_reporting IS NOT NULL), 0)'],
  ['cpm', '1000 * sum(spend_reporting) / nullif(sum(impressions) FILTER (WHERE spend_reporting IS NOT NULL), 0)'],
];
const measureLines = (indent: string): string => MEASURES.map(([name, sql]) => `${indent}${sql} AS ${name}`).join(',\n');

export const CAMPAIGN_KEY = "platform || ':' || coalesce(account_id, '') || ':' || coalesce(campaign_id, '')";

export function campaignKey(platform: string, accountId: string | null, campaignId: string | null): string {
  return `${platform}:${accountId ?? ''}:${campaignId ?? ''}`;
}

function dayCondition(b: Binder, from: string, to: string): string {
  return `date_day BETWEEN ${b.date(from)} AND ${b.date(to)}`;
}

/* `days`: both periods together, or the current one alone. */
function conditions(b: Binder, s: Scope, days: 'both' | 'current', withCampaigns = true): string[] {
  const from = days === 'both' && s.previous ? s.previous.from : s.period.from;
  const out = [dayCondition(b, from, s.period.to)];
  if (s.platforms.length > 0) out.push(`platform IN (${b.list(s.platforms)})`);
  if (withCampaigns && s.campaigns.length > 0) out.push(`${CAMPAIGN_KEY} IN (${b.list(s.campaigns)})`);
  return out;
}

const where = (lines: string[]): string => `WHERE ${lines.join('\n  AND ')}`;

/* Which days and platforms there are at all. */
export function extentStatement(domain: string): Statement {
  return {
    sql: `SELECT platform, min(date_day) AS first_day, max(date_day) AS last_day
FROM ${tableName(domain, 'campaign_daily')}
GROUP BY platform
ORDER BY platform`,
    params: [],
  };
}

/* Campaigns to choose from: those of the period, whatever campaigns are chosen already. */
export function campaignOptionsStatement(s: Scope): Statement {
  const b = new Binder();
  const sql = `SELECT platform, account_id, campaign_id, max(campaign_name) AS campaign_name, sum(spend_reporting) AS spend
FROM ${tableName(s.domain, 'campaign_daily')}
${where(conditions(b, { ...s, previous: null }, 'current', false))}
GROUP BY platform, account_id, campaign_id
ORDER BY spend DESC NULLS LAST, campaign_name`;
  return { sql, params: b.params };
}

/* The tiles: one row per period. */
export function figuresStatement(s: Scope): Statement {
  const b = new Binder();
  const period = s.previous
    ? `CASE WHEN date_day >= ${b.date(s.period.from)} THEN 'current' ELSE 'previous' END`
    : `'current'`;
  const sql = `SELECT
  ${period} AS period,
${measureLines('  ')}
FROM ${tableName(s.domain, 'campaign_daily')}
${where(conditions(b, s, 'both'))}
GROUP BY period
ORDER BY period`;
  return { sql, params: b.params };
}

/* What has no rate, in the money it was spent in. */
export function unconvertedStatement(s: Scope): Statement {
  const b = new Binder();
  const sql = `SELECT currency, reporting_currency, count(*) AS row_count, sum(spend) AS spend, sum(conversions_value) AS conversions_value
FROM ${tableName(s.domain, 'campaign_daily')}
${where([
    ...conditions(b, s, 'current'),
    '((spend IS NOT NULL AND spend_reporting IS NULL) OR (conversions_value IS NOT NULL AND conversions_value_reporting IS NULL))',
  ])}
GROUP BY currency, reporting_currency
ORDER BY currency`;
  return { sql, params: b.params };
}

function bucketSql(day: string, grain: Grain, weekStart: string): string {
  if (grain === 'day') return day;
  if (grain === 'week' && weekStart === 'sunday') return `CAST(date_trunc('week', ${day} + 1) AS DATE) - 1`;
  return `CAST(date_trunc('${grain}', ${day}) AS DATE)`;
}

/* One row per period and bucket. Days of the period before are moved onto the current one, so that both lines lie
 * over each other whatever the grain. */
export function trendStatement(s: Scope, grain: Grain, weekStart: string): Statement {
  const b = new Binder();
  let source: string;
  if (s.previous) {
    const from = b.date(s.period.from);
    const shift = b.integer(dayCount(s.previous.from, s.period.from) - 1);
    source = `(
  SELECT *,
    CASE WHEN date_day >= ${from} THEN 'current' ELSE 'previous' END AS period,
    CASE WHEN date_day >= ${from} THEN date_day ELSE date_day + ${shift} END AS shown_day
  FROM ${tableName(s.domain, 'campaign_daily')}
  ${where(conditions(b, s, 'both')).replace(/\n/g, '\n  ')}
) AS days`;
  } else {
    source = `(
  SELECT *, 'current' AS period, date_day AS shown_day
  FROM ${tableName(s.domain, 'campaign_daily')}
  ${where(conditions(b, s, 'current')).replace(/\n/g, '\n  ')}
) AS days`;
  }
  const sql = `SELECT
  period,
  ${bucketSql('shown_day', grain, weekStart)} AS bucket,
${measureLines('  ')}
FROM ${source}
GROUP BY period, bucket
ORDER BY period, bucket`;
  return { sql, params: b.params };
}

/* Each campaign in both periods: the scatter, and what moved the figures. */
export function campaignsStatement(s: Scope): Statement {
  const b = new Binder();
  const from = b.date(s.period.from);
  const current = `FILTER (WHERE date_day >= ${from})`;
  const previous = `FILTER (WHERE date_day < ${from})`;
  const sql = `SELECT
  platform,
  account_id,
  campaign_id,
  max(campaign_name) AS campaign_name,
  sum(spend_reporting) ${current} AS spend,
  sum(conversions) ${current} AS conversions,
  sum(conversions_value_reporting) ${current} AS conversions_value,
  sum(conversions_value_reporting) ${current} / nullif(sum(spend_reporting) ${current}, 0) AS roas,
  sum(spend_reporting) ${previous} AS previous_spend,
  sum(conversions_value_reporting) ${previous} AS previous_value
FROM ${tableName(s.domain, 'campaign_daily')}
${where(conditions(b, s, 'both'))}
GROUP BY platform, account_id, campaign_id
ORDER BY spend DESC NULLS LAST, platform, account_id, campaign_id`;
  return { sql, params: b.params };
}

export const LEVELS = ['platform', 'account', 'campaign', 'ad_group', 'ad'] as const;
export type Level = (typeof LEVELS)[number];

interface LevelSql {
  port: string;
  id: string;
  name: string | null;
}
const LEVEL_SQL: Record<Level, LevelSql> = {
  platform: { port: 'campaign_daily', id: 'platform', name: null },
  account: { port: 'account_daily', id: 'account_id', name: 'account_name' },
  campaign: { port: 'campaign_daily', id: 'campaign_id', name: 'campaign_name' },
  ad_group: { port: 'ad_group_daily', id: 'ad_group_id', name: 'ad_group_name' },
  ad: { port: 'ad_daily', id: 'ad_id', name: 'ad_name' },
};

/* Ids from the platform down; null stands for "the platform gave none". */
export type Path = (string | null)[];

export function levelOfChildren(path: Path): Level | null {
  return LEVELS[path.length] ?? null;
}

/* Accounts of chosen campaigns come from the campaigns, since a report by account cannot be cut by campaign. */
export function portOfLevel(level: Level, s: Pick<Scope, 'campaigns'>): string {
  return level === 'account' && s.campaigns.length > 0 ? 'campaign_daily' : LEVEL_SQL[level].port;
}

function pathConditions(b: Binder, path: Path): string[] {
  return path.map((id, i) => {
    const column = LEVEL_SQL[LEVELS[i] as Level].id;
    return id === null ? `${column} IS NULL` : `${column} = ${b.value(id)}`;
  });
}

/* The children of one node of the breakdown, with the period before beside them. */
export function childrenStatement(s: Scope, path: Path): Statement {
  const level = levelOfChildren(path);
  if (!level) throw new Error('an ad has no children');
  const b = new Binder();
  const { id, name } = LEVEL_SQL[level];
  const from = b.date(s.period.from);
  const filtered = (sql: string, op: string): string => `${sql} FILTER (WHERE date_day ${op} ${from})`;
  const current = (column: string): string => filtered(`sum(${column})`, '>=');
  const priced = (column: string): string =>
    `sum(${column}) FILTER (WHERE date_day >= ${from} AND spend_reporting IS NOT NULL)`;
  const sql = `SELECT
  ${id} AS id,
  ${name ? `max(${name})` : id} AS name,
  ${current('spend_reporting')} AS spend,
  ${current('impressions')} AS impressions,
  ${current('clicks')} AS clicks,
  ${current('conversions')} AS conversions,
  ${current('conversions_value_reporting')} AS conversions_value,
  ${priced('impressions')} AS priced_impressions,
  ${priced('clicks')} AS priced_clicks,
  ${priced('conversions')} AS priced_conversions,
  ${filtered('sum(spend_reporting)', '<')} AS previous_spend
FROM ${tableName(s.domain, portOfLevel(level, s))}
${where([...conditions(b, s, 'both', level !== 'account' || s.campaigns.length > 0), ...pathConditions(b, path)])}
GROUP BY ${id}
ORDER BY spend DESC NULLS LAST, id`;
  return { sql, params: b.params };
}

export const SPARK_POINTS = 28;

/* Spend of the same children over the period, in at most SPARK_POINTS steps. */
export function sparkStatement(s: Scope, path: Path): Statement {
  const level = levelOfChildren(path);
  if (!level) throw new Error('an ad has no children');
  const b = new Binder();
  const { id } = LEVEL_SQL[level];
  const width = Math.max(1, Math.ceil(dayCount(s.period.from, s.period.to) / SPARK_POINTS));
  const sql = `SELECT ${id} AS id, (date_day - ${b.date(s.period.from)}) // ${b.integer(width)} AS step, sum(spend_reporting) AS spend
FROM ${tableName(s.domain, portOfLevel(level, s))}
${where([
    ...conditions(b, s, 'current', level !== 'account' || s.campaigns.length > 0),
    ...pathConditions(b, path),
  ])}
GROUP BY id, step
ORDER BY id, step`;
  return { sql, params: b.params };
}
