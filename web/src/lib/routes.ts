/* Every page: the address it answers, what it is called, and the script it comes with. One row is one page; a page of the
 * navigation is shown when its row is here. */
import type { Component } from 'svelte';
import type { IconName } from '../components/Icon.svelte';
import type { Mesh } from './types';

export type Params = Record<string, string>;
/* What every page is given. */
export interface PageProps {
  mesh: Mesh;
  params: Params;
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
}
export interface NavItem {
  href: string;
  label: string;
  icon: IconName;
  /* the pages below it, by how their addresses begin */
  under: string[];
}

export const ROUTES: Route[] = [
  { pattern: '/', title: () => 'Home', load: () => import('../features/home/HomePage.svelte') },
  { pattern: '/runs', title: () => 'Runs', load: () => import('../features/home/RunsPage.svelte') },
  {
    pattern: '/dashboards/campaign-360',
    title: () => 'Campaign 360',
    trail: () => [{ label: 'Dashboards', href: '/dashboards' }],
    load: () => import('../features/campaign360/Campaign360.svelte'),
  },
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
  { pattern: '/sources', title: () => 'Sources', load: () => import('../features/sources/SourcesPage.svelte') },
  {
    pattern: '/sources/:domain/:source',
    title: (p) => `${p.domain}.${p.source}`,
    trail: () => [{ label: 'Sources', href: '/sources' }],
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
  { pattern: '/add', title: () => 'Add data', load: () => import('../features/add/AddPage.svelte') },
  {
    pattern: '/add/product',
    title: () => 'New product',
    trail: () => [{ label: 'Add data', href: '/add' }],
    load: () => import('../features/add/ProductWizard.svelte'),
  },
  { pattern: '/requests', title: () => 'Requests', load: () => import('../features/requests/RequestsPage.svelte') },
];

/* The left side, in its order. */
const NAV: NavItem[] = [
  { href: '/', label: 'Home', icon: 'home', under: [] },
  { href: '/dashboards', label: 'Dashboards', icon: 'chart', under: ['/dashboards'] },
  { href: '/catalog', label: 'Catalog', icon: 'data', under: ['/catalog', '/ports', '/domains'] },
  { href: '/lineage', label: 'Lineage', icon: 'graph', under: ['/lineage'] },
  { href: '/sources', label: 'Sources', icon: 'plug', under: ['/sources'] },
  { href: '/goals', label: 'Goals', icon: 'target', under: ['/goals'] },
  { href: '/glossary', label: 'Glossary', icon: 'book', under: ['/glossary'] },
  { href: '/requests', label: 'Requests', icon: 'inbox', under: ['/requests'] },
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

export function navItems(): NavItem[] {
  return NAV.filter((n) => findRoute(n.href) !== null);
}

export function isHere(item: NavItem, path: string): boolean {
  return path === item.href || item.under.some((u) => path === u || path.startsWith(`${u}/`));
}
