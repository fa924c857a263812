/* The countries of the world (Natural Earth, public domain, by way of world-atlas) for charts. Comes when the first map does. */
import { MapChart } from 'echarts/charts';
import { GeoComponent, VisualMapComponent } from 'echarts/components';
import { registerMap, use } from 'echarts/core';
import { feature } from 'topojson-client';
import atlas from 'world-atlas/countries-110m.json';

use([MapChart, GeoComponent, VisualMapComponent]);

/* Where the map writes a country otherwise than the browser does. */
const ALIASES: Record<string, string> = {
  'W. Sahara': 'EH',
  'United States of America': 'US',
  'Dem. Rep. Congo': 'CD',
  'Dominican Rep.': 'DO',
  'Falkland Is.': 'FK',
  'Fr. S. Antarctic Lands': 'TF',
  "Côte d'Ivoire": 'CI',
  'Central African Rep.': 'CF',
  Congo: 'CG',
  'Eq. Guinea': 'GQ',
  eSwatini: 'SZ',
  Palestine: 'PS',
  Myanmar: 'MM',
  Turkey: 'TR',
  'Solomon Is.': 'SB',
  'Bosnia and Herz.': 'BA',
  Macedonia: 'MK',
  'Trinidad and Tobago': 'TT',
  'S. Sudan': 'SS',
};

function codes(): Map<string, string> {
  const out = new Map(Object.entries(ALIASES));
  const regions = new Intl.DisplayNames('en', { type: 'region' });
  for (let a = 65; a <= 90; a++) {
    for (let b = 65; b <= 90; b++) {
      const code = String.fromCharCode(a, b);
      /* codes of countries that are no more lead to those of today */
      const name = new Intl.Locale(`und-${code}`).region === code ? regions.of(code) : undefined;
      if (name && name !== code && !out.has(name)) out.set(name, code);
    }
  }
  return out;
}

type Ring = number[][];
/* A country that goes over the 180th meridian is drawn in one piece, beyond the right edge. */
function inOnePiece(ring: Ring): void {
  const crosses = ring.some((p, i) => i > 0 && Math.abs((p[0] as number) - ((ring[i - 1] as number[])[0] as number)) > 180);
  if (crosses) for (const p of ring) if ((p[0] as number) < 0) p[0] = (p[0] as number) + 360;
}

const topology = atlas as unknown as Parameters<typeof feature>[0];
const countries = feature(topology, topology.objects.countries as Parameters<typeof feature>[1]);
const byName = codes();
if (countries.type === 'FeatureCollection') {
  /* Antarctica takes a third of the picture and buys nothing */
  countries.features = countries.features.filter((f) => f.properties?.name !== 'Antarctica');
  for (const f of countries.features) {
    const name = String(f.properties?.name ?? '');
    if (f.geometry.type === 'Polygon') f.geometry.coordinates.forEach(inOnePiece);
    else if (f.geometry.type === 'MultiPolygon') f.geometry.coordinates.forEach((part) => part.forEach(inOnePiece));
    f.properties = { name, code: byName.get(name) ?? name };
  }
}
registerMap('world', countries as unknown as Parameters<typeof registerMap>[1]);
