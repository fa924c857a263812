import { describe, expect, it } from 'vitest';
import { whereWords } from './where-words';

describe('whereWords', () => {
  it.each([
    ["platform <> 'amazon_ads'", 'without Amazon Ads'],
    ["country = 'DE'", 'only Germany'],
    ["channel IN ('paid_search', 'paid_social')", 'only Paid search or Paid social'],
    ["device = 'mobile' AND country = 'DE'", 'only device mobile, only Germany'],
    ['country IS NULL', 'only country not known'],
    ["spend > 10 AND platform = 'x'", "only where spend > 10 AND platform = 'x'"],
    ['', ''],
    [null, ''],
  ])('says %s', (text, said) => {
    expect(whereWords(text)).toBe(said);
  });
});
