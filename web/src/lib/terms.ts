/* The words of the page that explain themselves. */
export const TERMS = {
  spend: 'What the platforms charged for ads, converted to the reporting currency at the rate of the day.',
  conversions: 'Goals, such as orders, that the platforms say their ads led to. Each platform counts for itself, so one order can be claimed by several.',
  value: 'What the platforms say those conversions were worth, converted to the reporting currency at the rate of the day.',
  roas: 'Return on ad spend: claimed conversion value divided by spend. 3.00 means three came back for each one spent.',
  cpa: 'Cost per acquisition: spend divided by claimed conversions.',
  ctr: 'Click-through rate: clicks divided by impressions.',
  cpc: 'Cost per click: spend divided by clicks.',
  cpm: 'Cost per mille: spend for a thousand impressions.',
  impressions: 'How often an ad was shown.',
  clicks: 'How often an ad was clicked, as the platform counts it.',
  claimed: 'Reported by each ad platform about itself. Nothing is de-duplicated across platforms, and no shop order is checked.',
  unallocated: 'The difference between this level and what the platform reports one level down. It is negative where the parts add up to more.',
  as_reported: 'Platforms restate past days. This shows every figure as it was known at the end of the chosen day.',
} as const;
export type TermName = keyof typeof TERMS;
