/* The table of commands: everything that help, completion, the manual page and the reference say stands here. */
#include "cli/cli.h"

const struct cli_option cli_global_options[] = {
    {"--mesh", "DIR", "the mesh folder; looked for upwards from here when left out (also -C DIR)"},
    {"--json", NULL, "results as JSON on standard output"},
    {"--quiet", NULL, "no progress and no advice"},
    {"--no-color", NULL, "plain text (also by the environment's NO_COLOR)"},
    {"--help", NULL, "help on a command (also -h)"},
    {NULL, NULL, NULL},
};

const struct cli_command cli_commands[] = {
    {"init", "[DIR]", "make a new mesh folder", 0, 1, cmd_init,
     {{"--name", "NAME", "name of the mesh; the folder's when left out"},
      {"--title", "TITLE", "name as people see it; the folder's when left out"},
      {"--time-zone", "ZONE", "IANA time zone of the mesh's days; UTC when left out"},
      {"--currency", "CODE", "reporting currency, ISO 4217; USD when left out"},
      {"--owner", "NAME", "owner of the first domains; git's user when left out"},
      {"--contact", "ADDRESS", "how to reach the owner"},
      {"--force", NULL, "replace files that are there"}},
     "Writes mesh.yaml, the domains shared, acquisition, lifecycle, web and brand, the exchange rates and the shared Campaign "
     "entity. The new mesh passes `trellis check` and can be run at once.",
     "trellis init shop   # a mesh in the new folder shop\n"
     "trellis init shop --currency EUR --time-zone Europe/Berlin   # with its own currency and days\n",
     false},
    {"add", "[PACK]", "add a ready source or product, or any file", 0, 1, cmd_add,
     {{"--domain", "DOMAIN", "the domain that owns it"},
      {"--path", "PATH", "folder or glob of the landed files; for `files`, the file"},
      {"--name", "NAME", "name of the source; the pack's when left out. A second account of one pack needs one"},
      {"--currency", "CODE", "currency of the amounts, for platforms whose files carry none"},
      {"--time-zone", "ZONE", "zone of the platform's days, for the record"},
      {"--force", NULL, "replace files that are there and differ"}},
     "Without a pack, lists the packs. With one, writes its files into the domain and joins it to the unions of the mesh. "
     "`trellis add files` looks into a CSV, JSON, NDJSON or Parquet file and proposes its contract.",
     "trellis add   # what there is\n"
     "trellis add google_ads --domain acquisition --path exports/google   # landed Google Ads tables\n"
     "trellis add campaign_performance --domain acquisition   # Unified Campaign Performance 360\n"
     "trellis add files --name budget --path budget.csv --domain acquisition   # any file: contract inferred\n",
     false},
    {"check", "[FILE...]", "check the declaration, or single files", 0, -1, cmd_check, {{0}},
     "Reads every file of the mesh and reports all that is wrong in one pass, as file:line:col with the reason and a suggestion. "
     "Given files, checks each alone against its standard (ODPS, ODCS, or our own).",
     "trellis check   # the whole mesh; exit code 0, or 2 with every error\n"
     "trellis check contract.odcs.yaml   # one file alone\n",
     false},
    {"plan", "", "show what differs from what is deployed, and what a run would do", 0, 0, cmd_plan, {{0}},
     "Compares the declaration with what is deployed. Nothing is changed.",
     "trellis plan   # changes, files to load, ports to build and why\n", false},
    {"run", "[PORT...]", "load new files and build what is out of date", 0, -1, cmd_run,
     {{"--full", NULL, "build even what is up to date"}},
     "Loads files that are new or changed, builds the ports that need it in order, checks each against its contract, and swaps "
     "them in. With ports named, builds these and what they need. Ctrl-C ends it cleanly. Exit code 0 when all is built and every "
     "refusing check passed, 4 when a check refused, 1 otherwise.",
     "trellis run   # everything that is out of date\n"
     "trellis run acquisition.campaign_daily   # one port and what it needs\n",
     false},
    {"query", "SQL", "ask in SQL, through the gate", 1, 1, cmd_query,
     {{"--as-of", "DATE", "as known at the end of that day, YYYY-MM-DD"},
      {"--format", "FORMAT", "table (default), csv or json"},
      {"--limit", "N", "at most so many rows; 10,000 for a table, all for csv and json when left out"},
      {"--purpose", "PURPOSE", "why the rows are used; analytics when left out"},
      {"--timeout", "SECONDS", "give up after so long; 600 when left out"}},
     "Tables are <domain>.<port>, or <domain>.<source>__<stream> for raw streams. `-` reads the SQL from standard input. JSON is an "
     "array of objects; decimals are exact in every format.",
     "trellis query \"SELECT platform, sum(spend) FROM acquisition.campaign_daily GROUP BY 1\"   # a table\n"
     "trellis query --format csv --as-of 2026-03-01 \"SELECT * FROM acquisition.campaign_daily\"   # as reported on a day\n",
     false},
    {"serve", "", "serve the page and the API on this machine", 0, 0, cmd_serve,
     {{"--port", "N", "port; 8080 when left out, 0 for any free one"},
      {"--host", "ADDRESS", "loopback address; 127.0.0.1 when left out"}},
     "Prints the address to open; it carries the session's token, which the page turns into a cookie. Scripts send the token of "
     "data/session-token as Authorization: Bearer. The other commands work beside it, through data/trellis.sock.",
     "trellis serve   # http://127.0.0.1:8080\n"
     "trellis serve --port 0   # any free port\n",
     false},
    {"status", "", "show the state of products, sources and the last run", 0, 0, cmd_status, {{0}},
     "What is fresh, stale or failing, and why; what was loaded and what was set aside.", "trellis status   # the whole mesh\n", false},
    {"demo", "", "write a mesh of a fictional retailer with a year of data, and serve it", 0, 0, cmd_demo,
     {{"--dir", "DIR", "folder to write; demo when left out"},
      {"--seed", "N", "another seed gives other figures"},
      {"--port", "N", "port of the server; 8080 when left out"},
      {"--serve", NULL, "serve when done (the default)"},
      {"--no-serve", NULL, "end when done"}},
     "Generates landed exports of seven ad platforms and shop orders, adds the packs, loads, builds and serves. Doing it again is "
     "quick and harmless.",
     "trellis demo   # in ./demo\n", false},
    {"doctor", "", "check that this machine and mesh are in order", 0, 0, cmd_doctor, {{0}},
     "Looks at the engine, the folder's rights, free space, the lock and the declaration; says what to mend.", "trellis doctor   # all checks\n",
     false},
    {"completion", "SHELL", "print the completion script of bash, zsh or fish", 1, 1, cmd_completion, {{0}},
     "Load it from the shell's start-up file.", "source <(trellis completion bash)   # in ~/.bashrc\n", false},
    {"version", "", "print the version", 0, 0, cmd_version, {{0}}, "Program and engine.", "trellis version\n", false},
    {"help", "[COMMAND]", "help on a command", 0, 1, cmd_help, {{0}}, "The same as `trellis COMMAND --help`.", "trellis help run\n", false},
    {"reference", "PAGE", "print a reference page: cli, errors or man", 1, 1, cmd_reference, {{0}}, "Generated from the program's own tables.",
     "trellis reference cli   # docs/reference/cli.md\n", true},
    {"loader-child", "", "read one file for the loader (started by the program itself)", 0, 0, cmd_loader_child, {{0}}, "", "", true},
};
const size_t cli_commands_count = sizeof cli_commands / sizeof *cli_commands;
