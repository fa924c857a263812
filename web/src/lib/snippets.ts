/* The same rows by SQL, curl, Python and R: texts that work when they are pasted. The key of the session stands in the
 * environment (TRELLIS_TOKEN) and in none of them. Pure. */
export interface Snippet {
  name: string;
  label: string;
  note: string;
  text: string;
}

/* A name that SQL takes without quotes stays bare. */
const sqlName = (name: string): string => (/^[a-z][a-z0-9_]*$/.test(name) ? name : `"${name.replace(/"/g, '""')}"`);

export function sqlFor(ref: string, columns: readonly string[], limit: number): string {
  const COLUMNS_SHOWN = 8;
  const [domain = '', port = ''] = ref.split('.');
  const list = columns.length === 0 || columns.length > COLUMNS_SHOWN ? '*' : columns.map(sqlName).join(', ');
  return `SELECT ${list}\nFROM ${sqlName(domain)}.${sqlName(port)}\nLIMIT ${limit}`;
}

/* One argument of a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}

export function snippets(origin: string, ref: string, columns: readonly string[], limit = 100): Snippet[] {
  const sql = sqlFor(ref, columns, limit);
  const line = sql.replace(/\n/g, ' ');
  const body = JSON.stringify({ sql: line });
  const [domain = '', port = ''] = ref.split('.');
  const rows = `${origin}/api/v1/ports/${encodeURIComponent(domain)}/${encodeURIComponent(port)}/rows?format=csv&limit=${limit}`;
  return [
    { name: 'sql', label: 'SQL', note: 'For POST /api/v1/query, or in a dashboard.', text: sql },
    { name: 'cli', label: 'Terminal', note: 'In the folder of the mesh.', text: `trellis query ${shellQuote(line)}` },
    {
      name: 'curl',
      label: 'curl',
      note: 'Any HTTP client can do the same.',
      text: `curl -sS ${origin}/api/v1/query \\\n  -H "Authorization: Bearer $TRELLIS_TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d ${shellQuote(body)}`,
    },
    {
      name: 'python',
      label: 'Python',
      note: 'Needs nothing but Python 3. With pandas: pd.DataFrame(rows).',
      text: `import json, os, urllib.request

request = urllib.request.Request(
    ${JSON.stringify(`${origin}/api/v1/query`)},
    data=json.dumps({"sql": ${JSON.stringify(line)}}).encode(),
    headers={
        "Authorization": "Bearer " + os.environ["TRELLIS_TOKEN"],
        "Content-Type": "application/json",
    },
)
with urllib.request.urlopen(request) as response:
    answer = json.load(response)
names = [column["name"] for column in answer["columns"]]
rows = [dict(zip(names, row)) for row in answer["rows"]]
print(len(rows), "rows of", names)`,
    },
    {
      name: 'r',
      label: 'R',
      note: 'Base R alone, from the rows as CSV.',
      text: `rows <- read.csv(url(
  ${JSON.stringify(rows)},
  headers = c(Authorization = paste("Bearer", Sys.getenv("TRELLIS_TOKEN")))
))
str(rows)`,
    },
  ];
}

/* How the key comes into the environment. */
export const TOKEN_COMMAND = 'export TRELLIS_TOKEN=$(cat data/session-token)';
