/* What the way in says. Pure. */
import type { ApiError } from '../../lib/api';

export const PASSWORD_MIN = 12;

export interface WaysIn {
  password: boolean;
  single_sign_on: { title: string } | null;
}

export interface Said {
  title: string;
  text: string;
  level: 'warn' | 'bad';
}
/* The same words whatever was wrong with name or password: who has an account here is nobody's business. */
export function refusal(e: Pick<ApiError, 'status' | 'message' | 'hint'>): Said {
  if (e.status === 401) return { title: 'That name and password do not go together', text: 'Look at capitals and the language of the keyboard. After five wrong ones the name is locked for a minute, then for longer.', level: 'bad' };
  if (e.status === 429) return { title: 'Too many attempts', text: e.hint ?? 'Wait a minute, then try once more. Whoever administers this mesh can give you a new link.', level: 'warn' };
  if (e.status === 0) return { title: 'The server does not answer', text: e.hint ?? e.message, level: 'bad' };
  return { title: 'That did not work', text: e.hint ? `${e.message} ${e.hint}` : e.message, level: 'bad' };
}

/* What single sign-on can come back with, by the word in the address. */
const PROBLEMS: Record<string, Said> = {
  denied: { title: 'You are not let in', text: 'None of your groups has a role in this mesh. Whoever administers it can change that.', level: 'warn' },
  disabled: { title: 'This account is disabled', text: 'Whoever administers this mesh can enable it again.', level: 'warn' },
  expired: { title: 'That took too long', text: 'The sign-in was not finished in time, or in another window. Begin again.', level: 'warn' },
  provider: { title: 'Single sign-on did not work', text: 'The provider could not be asked, or its answer was not right. Try again; if it stays so, tell whoever administers this mesh.', level: 'bad' },
};
export function problemOf(word: string | null): Said | null {
  if (word === null) return null;
  return PROBLEMS[word] ?? (PROBLEMS.provider as Said);
}

/* What is wrong with a new password, as far as the page can tell; the server knows more. */
export function passwordProblem(password: string, again: string, name = ''): { password: string; again: string } {
  const short = [...password].length < PASSWORD_MIN ? `Twelve characters or more; these are ${[...password].length}.` : '';
  const own = !short && name !== '' && password.toLowerCase() === name.toLowerCase() ? 'The name is no password.' : '';
  return { password: short || own, again: password !== again ? 'The two are not the same.' : '' };
}

export const onLoopback = (host: string): boolean => ['127.0.0.1', 'localhost', '[::1]', '::1'].includes(host);
