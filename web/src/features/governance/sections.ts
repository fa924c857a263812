/* The pages of governance in their order, and who has to do with each. A page that is not there, or not theirs, is not shown. */
import type { IconName } from '../../components/Icon.svelte';
import { findRoute, isOpen } from '../../lib/routes';
import type { Me } from '../../lib/types';

export interface Section {
  href: string;
  label: string;
  icon: IconName;
  /* how else people would look for it */
  words: string;
}

const ALL: Section[] = [
  { href: '/governance', label: 'Overview', icon: 'shield', words: 'governance due' },
  { href: '/governance/access', label: 'Who sees what', icon: 'eye', words: 'roles grants matrix masks tiers access preview as' },
  { href: '/governance/policies', label: 'Policies', icon: 'scales', words: 'rules masks rows tiers retention' },
  { href: '/governance/council', label: 'Council', icon: 'check', words: 'approve decide loosening breaking conflict' },
  { href: '/governance/found', label: 'Found', icon: 'search', words: 'scan scanner personal data unclassified pii sensitive columns' },
  { href: '/governance/people', label: 'People', icon: 'people', words: 'users roles invite disable link' },
  { href: '/governance/tokens', label: 'Service tokens', icon: 'key', words: 'api key program bearer rotate revoke' },
  { href: '/governance/consent', label: 'Consent', icon: 'chat', words: 'opt in out withdrawn receipt' },
  { href: '/governance/requests', label: 'Privacy requests', icon: 'inbox', words: 'erase access export gdpr subject erasure' },
  { href: '/governance/retention', label: 'Retention', icon: 'clock', words: 'keep delete hold legal age' },
  { href: '/governance/audit', label: 'Audit', icon: 'book', words: 'log who saw what verify chain' },
];

export function sections(me: Me | undefined): Section[] {
  return ALL.filter((s) => {
    const found = findRoute(s.href);
    return found !== null && isOpen(found.route, me);
  });
}
