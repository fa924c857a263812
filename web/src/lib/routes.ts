/* Every page: the address it answers, what it is called, and the script it comes with. One row is one page; a page of the
 * navigation is shown when its row is here. */
import type { Component } from 'svelte';
import type { IconName } from '../components/Icon.svelte';
import { mayAny, mayWhole } from './rights';
import type { Me, Mesh, Right } from './types';

export type Params = Record<string, string>;
/* What every page is given. */
export interface PageProps {
  mesh: Mesh;
  params: Params;
  me: Me;
}
export interface Crumb {
  label: string;
  href?: string;
}
export interface Route {
  pattern: string;
  title: (params: Params) => string;
  /* where it stands, above its own title */
  trail?: (params: Params) => Crumb[];
  load: () => Promise<{ default: Component<PageProps> }>;
  /* rights of which one is needed; none: whoever may come in */
  needs?: Right[];
  /* in the whole mesh, not in some domains alone */
  whole?: boolean;
}
/* A page before anybody is known: no frame, no mesh. */
export interface OpenRoute {
  path: string;
  title: string;
  load: () => Promise<{ default: Component }>;
}
export interface NavItem {
  href: string;
  label: string;
  icon: IconName;
  /* the pages below it, by how their addresses begin */
  under: string[];
}

/* Who has anything to do with governance. */
const GOVERNS: Right[] = ['administer', 'approve', 'consent', 'privacy', 'audit'];
const dashboards = (): Crumb[] => [{ label: 'Dashboards', href: '/dashboards' }];
const governance = (): Crumb[] => [{ label: 'Governance', href: '/governance' }];

export const ROUTES: Route[] = [
  { pattern: '/', title: () => 'Home', load: () => import('../features/home/HomePage.svelte') },
  { pattern: '/explore', title: () => 'Explore', load: () => import('../features/explore/ExplorePage.svelte') },
  { pattern: '/metrics', title: () => 'Numbers', trail: () => [{ label: 'Explore', href: '/explore' }], load: () => import('../features/metrics/MetricsPage.svelte') },
  {
    pattern: '/metrics/:domain/:metric',
    title: (p) => `${p.domain}.${p.metric}`,
    trail: () => [{ label: 'Numbers', href: '/metrics' }],
    load: () => import('../features/metrics/MetricPage.svelte'),
  },
  { pattern: '/sql', title: () => 'SQL workbench', trail: () => [{ label: 'Explore', href: '/explore' }], load: () => import('../features/workbench/SqlPage.svelte') },
  { pattern: '/runs', title: () => 'Runs', load: () => import('../features/home/RunsPage.svelte') },
  {
    pattern: '/dashboards/campaign-360',
    title: () => 'Campaign 360',
    trail: () => [{ label: 'Dashboards', href: '/dashboards' }],
    load: () => import('../features/campaign360/Campaign360.svelte'),
  },
  { pattern: '/anomalies', title: () => 'Out of the ordinary', trail: dashboards, load: () => import('../features/anomalies/AnomaliesPage.svelte') },
  { pattern: '/dashboards/attribution', title: () => 'Attribution', trail: dashboards, load: () => import('../features/attribution/AttributionPage.svelte') },
  { pattern: '/dashboards/funnel', title: () => 'Funnel', trail: dashboards, load: () => import('../features/funnel/FunnelPage.svelte') },
  { pattern: '/dashboards/retention', title: () => 'Retention', trail: dashboards, load: () => import('../features/retention/RetentionPage.svelte') },
  { pattern: '/dashboards/customers', title: () => 'Customers', trail: dashboards, load: () => import('../features/dashboards/ReadyPage.svelte') },
  { pattern: '/dashboards/spend', title: () => 'Spend efficiency', trail: dashboards, load: () => import('../features/dashboards/ReadyPage.svelte') },
  { pattern: '/dashboards/north-star', title: () => 'North star', trail: dashboards, load: () => import('../features/dashboards/ReadyPage.svelte') },
  { pattern: '/dashboards', title: () => 'Dashboards', load: () => import('../features/dashboards/DashboardsPage.svelte') },
  {
    pattern: '/dashboards/:domain/:dashboard',
    title: (p) => `${p.domain}.${p.dashboard}`,
    trail: () => [{ label: 'Dashboards', href: '/dashboards' }],
    load: () => import('../features/dashboards/DashboardPage.svelte'),
  },
  { pattern: '/catalog', title: () => 'Catalog', load: () => import('../features/catalog/CatalogPage.svelte') },
  {
    pattern: '/ports/:domain/:port',
    title: (p) => `${p.domain}.${p.port}`,
    trail: () => [{ label: 'Catalog', href: '/catalog' }],
    load: () => import('../features/product/PortPage.svelte'),
  },
  {
    pattern: '/catalog/:domain/:product',
    title: (p) => `${p.domain}.${p.product}`,
    trail: (p) => [
      { label: 'Catalog', href: '/catalog' },
      { label: p.domain ?? '', href: `/catalog?domain=${p.domain}` },
    ],
    load: () => import('../features/product/ProductPage.svelte'),
  },
  { pattern: '/lineage', title: () => 'Lineage', load: () => import('../features/lineage/LineagePage.svelte') },
  { pattern: '/sources', title: () => 'Sources', needs: ['build'], load: () => import('../features/sources/SourcesPage.svelte') },
  {
    pattern: '/sources/:domain/:source',
    title: (p) => `${p.domain}.${p.source}`,
    trail: () => [{ label: 'Sources', href: '/sources' }],
    needs: ['build'],
    load: () => import('../features/sources/SourcePage.svelte'),
  },
  { pattern: '/domains', title: () => 'Domains', trail: () => [{ label: 'Catalog', href: '/catalog' }], load: () => import('../features/domains/DomainsPage.svelte') },
  {
    pattern: '/domains/:domain',
    title: (p) => p.domain ?? '',
    trail: () => [{ label: 'Domains', href: '/domains' }],
    load: () => import('../features/domains/DomainPage.svelte'),
  },
  { pattern: '/goals', title: () => 'Goals', load: () => import('../features/goals/GoalsPage.svelte') },
  { pattern: '/glossary', title: () => 'Glossary', load: () => import('../features/glossary/GlossaryPage.svelte') },
  { pattern: '/add', title: () => 'Add data', needs: ['build'], load: () => import('../features/add/AddPage.svelte') },
  {
    pattern: '/add/product',
    title: () => 'New product',
    trail: () => [{ label: 'Add data', href: '/add' }],
    needs: ['build'],
    load: () => import('../features/add/ProductWizard.svelte'),
  },
  { pattern: '/live', title: () => 'Live events', needs: ['build'], load: () => import('../features/live/LivePage.svelte') },
  {
    pattern: '/quarantine',
    title: () => 'Set aside',
    trail: () => [{ label: 'Live events', href: '/live' }],
    needs: ['build'],
    load: () => import('../features/quarantine/QuarantinePage.svelte'),
  },
  { pattern: '/customers', title: () => 'Customers', load: () => import('../features/customers/CustomersPage.svelte') },
  {
    pattern: '/customers/:id',
    title: () => 'Customer',
    trail: () => [{ label: 'Customers', href: '/customers' }],
    load: () => import('../features/customers/CustomerPage.svelte'),
  },
  {
    pattern: '/identity',
    title: () => 'Identity',
    trail: () => [{ label: 'Customers', href: '/customers' }],
    needs: ['build'],
    load: () => import('../features/identity/IdentityPage.svelte'),
  },
  { pattern: '/requests', title: () => 'Requests', load: () => import('../features/requests/RequestsPage.svelte') },
  { pattern: '/profile', title: () => 'Profile', load: () => import('../features/profile/ProfilePage.svelte') },
  { pattern: '/governance', title: () => 'Governance', needs: GOVERNS, load: () => import('../features/governance/GovernancePage.svelte') },
  { pattern: '/governance/access', title: () => 'Who sees what', trail: governance, needs: ['administer'], load: () => import('../features/governance/AccessPage.svelte') },
  { pattern: '/governance/policies', title: () => 'Policies', trail: governance, needs: ['administer'], load: () => import('../features/governance/PoliciesPage.svelte') },
  { pattern: '/governance/council', title: () => 'Council', trail: governance, needs: ['approve'], load: () => import('../features/governance/CouncilPage.svelte') },
  { pattern: '/governance/found', title: () => 'Found', trail: governance, needs: ['administer'], load: () => import('../features/governance/FoundPage.svelte') },
  { pattern: '/governance/people', title: () => 'People', trail: governance, needs: ['administer'], whole: true, load: () => import('../features/governance/PeoplePage.svelte') },
  { pattern: '/governance/tokens', title: () => 'Service tokens', trail: governance, needs: ['administer'], whole: true, load: () => import('../features/governance/TokensPage.svelte') },
  { pattern: '/governance/consent', title: () => 'Consent', trail: governance, needs: ['consent'], load: () => import('../features/privacy/ConsentPage.svelte') },
  { pattern: '/governance/requests', title: () => 'Privacy requests', trail: governance, needs: ['privacy'], whole: true, load: () => import('../features/privacy/RequestsPage.svelte') },
  { pattern: '/governance/retention', title: () => 'Retention', trail: governance, needs: ['privacy'], whole: true, load: () => import('../features/privacy/RetentionPage.svelte') },
  { pattern: '/governance/audit', title: () => 'Audit', trail: governance, needs: ['audit'], whole: true, load: () => import('../features/privacy/AuditPage.svelte') },
];

export const OPEN_ROUTES: OpenRoute[] = [
  { path: '/sign-in', title: 'Sign in', load: () => import('../features/sign-in/SignInPage.svelte') },
  { path: '/welcome', title: 'Welcome', load: () => import('../features/sign-in/WelcomePage.svelte') },
];

/* The left side, in its order. */
const NAV: NavItem[] = [
  { href: '/', label: 'Home', icon: 'home', under: [] },
  { href: '/explore', label: 'Explore', icon: 'compass', under: ['/explore', '/metrics', '/sql'] },
  { href: '/dashboards', label: 'Dashboards', icon: 'chart', under: ['/dashboards', '/anomalies'] },
  { href: '/customers', label: 'Customers', icon: 'person', under: ['/customers', '/identity'] },
  { href: '/catalog', label: 'Catalog', icon: 'data', under: ['/catalog', '/ports', '/domains'] },
  { href: '/lineage', label: 'Lineage', icon: 'graph', under: ['/lineage'] },
  { href: '/sources', label: 'Sources', icon: 'plug', under: ['/sources'] },
  { href: '/live', label: 'Live', icon: 'pulse', under: ['/live', '/quarantine'] },
  { href: '/goals', label: 'Goals', icon: 'target', under: ['/goals'] },
  { href: '/glossary', label: 'Glossary', icon: 'book', under: ['/glossary'] },
  { href: '/requests', label: 'Requests', icon: 'inbox', under: ['/requests'] },
  { href: '/governance', label: 'Governance', icon: 'shield', under: ['/governance']},
];

/* Addresses of before, and where their page is now. */
const MOVED: { pattern: string; to: (params: Params) => string }[] = [
  { pattern: '/data', to: () => '/catalog' },
  { pattern: '/data/:domain/:port', to: (p) => `/ports/${p.domain}/${p.port}` },
];

/* "/catalog/:domain/:product" against an address; null where it is another one. */
export function matchPattern(pattern: string, path: string): Params | null {
  const want = pattern.split('/');
  const have = (path.length > 1 ? path.replace(/\/$/, '') : path).split('/');
  if (want.length !== have.length) return null;
  const params: Params = {};
  for (let i = 0; i < want.length; i++) {
    const w = want[i] as string;
    const h = have[i] as string;
    if (w.startsWith(':')) {
      if (h === '') return null;
      try {
        params[w.slice(1)] = decodeURIComponent(h);
      } catch {
        return null;
      }
    } else if (w !== h) return null;
  }
  return params;
}

export function findRoute(path: string): { route: Route; params: Params } | null {
  for (const route of ROUTES) {
    const params = matchPattern(route.pattern, path);
    if (params) return { route, params };
  }
  return null;
}

export function movedTo(path: string): string | null {
  for (const m of MOVED) {
    const params = matchPattern(m.pattern, path);
    if (params) return m.to(params);
  }
  return null;
}

export function findOpen(path: string): OpenRoute | null {
  return OPEN_ROUTES.find((r) => matchPattern(r.path, path) !== null) ?? null;
}

export function isOpen(route: Pick<Route, 'needs' | 'whole'>, me: Me | undefined): boolean {
  return route.whole ? (route.needs ?? []).some((r) => mayWhole(me, r)) : mayAny(me, route.needs ?? []);
}

/* What is not theirs is not shown; nobody known yet: what everybody sees. */
export function navItems(me: Me | undefined): NavItem[] {
  return NAV.filter((n) => {
    const found = findRoute(n.href);
    return found !== null && isOpen(found.route, me);
  });
}

export function isHere(item: NavItem, path: string): boolean {
  return path === item.href || item.under.some((u) => path === u || path.startsWith(`${u}/`));
}
