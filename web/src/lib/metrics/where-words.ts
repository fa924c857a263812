/* A condition as people say it: "without Amazon Ads", "only Germany or Austria". One that is more than filters is told as it is written. Pure. */
import { valueText } from './names';
import { readWhere, type Filter } from './where';

const SELF_TOLD = /(^|_)(platform|channel|country|campaign)(_name)?$/;

function words(f: Filter): string {
  const values = f.values.map((v) => valueText(f.dimension, v)).join(' or ');
  return `${f.not ? 'without' : 'only'} ${SELF_TOLD.test(f.dimension) && !f.values.includes(null) ? '' : `${f.dimension.replaceAll('_', ' ')} `}${values}`;
}

export function whereWords(text: string | null | undefined): string {
  const w = readWhere(text ?? '');
  return w.rest !== '' ? `only where ${w.rest}` : w.filters.map(words).join(', ');
}
