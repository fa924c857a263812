/* Names and colours of the ad platforms: one table, so that a platform looks the same on every page. */

const NAMES: Record<string, string> = {
  google_ads: 'Google Ads',
  facebook_ads: 'Meta Ads',
  linkedin_ads: 'LinkedIn Ads',
  microsoft_ads: 'Microsoft Ads',
  tiktok_ads: 'TikTok Ads',
  pinterest_ads: 'Pinterest Ads',
  amazon_ads: 'Amazon Ads',
};

export const PLATFORMS = Object.keys(NAMES);

export function platformName(platform: string | null): string {
  if (platform === null || platform === '') return 'Unknown platform';
  const known = Object.hasOwn(NAMES, platform) ? NAMES[platform] : undefined;
  return known ?? platform.replace(/_/g, ' ').replace(/^./, (c) => c.toUpperCase());
}

/* Name of the custom property that holds the colour. */
export function platformColor(platform: string | null): string {
  return platform !== null && Object.hasOwn(NAMES, platform) ? `--platform-${platform.replace(/_/g, '-')}` : '--platform-other';
}
