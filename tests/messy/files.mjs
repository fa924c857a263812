// Files as people have them, and what must come of each. A case has a name, the file's name and bytes, and either
//   columns  {name: type} in order, as the contract gets them
//   rows     what the port yields, as CSV lines, in the order of the file
//   aside    rows in quarantine with their reasons, as "reason line" (none when left out)
//   left     rows of totals that are left out
//   says     what `trellis add` must say besides
// or   refused: what the message says, hint: how to mend it.
import zlib from "node:zlib";
import { workbook, zip } from "./workbook.mjs";

const utf16 = (text, big) => {
    const b = Buffer.from("\ufeff" + text, "utf16le");
    return big ? b.swap16() : b;
};
const latin1 = (text) => Buffer.from(text, "latin1");
// windows-1252 has signs where Latin-1 has controls.
const cp1252 = (text) => Buffer.from([...text].map((c) => ({ "€": 0x80, "–": 0x96, "’": 0x92 })[c] ?? c.codePointAt(0)));
// One raw block of fewer than 256 bytes, which every zstd reads.
const zstd = (text) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, text.length, ((text.length << 3) | 1) & 255, text.length >> 5, 0, ...Buffer.from(text)]);
const repeat = (n, f) => Array.from({ length: n }, (_, i) => f(i)).join("");
const day = (i) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10);
const ordinary = { day: "DATE", channel: "VARCHAR", spend: "DECIMAL(18,6)", clicks: "BIGINT" };
const ordinaryRows = ["2026-12-24,search,10.500000,3", "2026-12-25,social,1234.000000,12"];

// Days in a column of their own, with an amount beside them.
const dates = (name, texts, type, expect, more = {}) => ({
    name: `dates: ${name}`, file: "dates.csv", bytes: "when;amount\n" + texts.map((t, i) => `${t};${i}\n`).join(""),
    columns: { when: type, amount: "BIGINT" }, rows: expect.map((t, i) => `${t},${i}`), ...more,
});
const numbers = (name, texts, type, expect, more = {}) => ({
    name: `numbers: ${name}`, file: "numbers.csv", bytes: "item;v\n" + texts.map((t, i) => `i${i};${t}\n`).join(""),
    columns: { item: "VARCHAR", v: type }, rows: expect.map((t, i) => `i${i},${t}`), ...more,
});

export const cases = [
    // Separators, encodings, compression.
    { name: "commas", file: "a.csv", bytes: "day,channel,spend,clicks\n2026-12-24,search,10.50,3\n2026-12-25,social,1234.00,12\n", columns: ordinary, rows: ordinaryRows },
    { name: "semicolons and decimal commas", file: "a.csv", bytes: "day;channel;spend;clicks\r\n24.12.2026;search;10,50;3\r\n25.12.2026;social;1.234,00;12\r\n", columns: ordinary, rows: ordinaryRows },
    { name: "tabs", file: "a.tsv", bytes: "day\tchannel\tspend\tclicks\n2026-12-24\tsearch\t10.50\t3\n2026-12-25\tsocial\t1234.00\t12\n", columns: ordinary, rows: ordinaryRows },
    { name: "pipes", file: "a.txt", bytes: "day|channel|spend|clicks\n2026-12-24|search|10.50|3\n2026-12-25|social|1234.00|12\n", columns: ordinary, rows: ordinaryRows },
    { name: "sep= above the header", file: "a.csv", bytes: "sep=;\r\nday;channel;spend;clicks\r\n2026-12-24;search;10,50;3\r\n2026-12-25;social;1.234,00;12\r\n", columns: ordinary, rows: ordinaryRows },
    { name: "old Mac line ends", file: "a.csv", bytes: "day,channel,spend,clicks\r2026-12-24,search,10.50,3\r2026-12-25,social,1234.00,12\r", columns: ordinary, rows: ordinaryRows },
    { name: "byte order mark", file: "a.csv", bytes: "\ufeffday,channel,spend,clicks\n2026-12-24,search,10.50,3\n2026-12-25,social,1234.00,12\n", columns: ordinary, rows: ordinaryRows },
    { name: "UTF-16, little end first", file: "a.csv", bytes: utf16("day\tchannel\tspend\tclicks\r\n2026-12-24\tsearch\t10.50\t3\r\n2026-12-25\tsocial\t1234.00\t12\r\n"), columns: ordinary, rows: ordinaryRows },
    { name: "UTF-16, big end first", file: "a.csv", bytes: utf16("city,n\nKöln,1\nŁódź,2\n", true), columns: { city: "VARCHAR", n: "BIGINT" }, rows: ["Köln,1", "Łódź,2"] },
    { name: "windows-1252", file: "a.csv", bytes: cp1252("city;price\nKöln;5 €\nOrléans;7 €\n"), columns: { city: "VARCHAR", price: "BIGINT" }, rows: ["Köln,5", "Orléans,7"] },
    { name: "Latin-1", file: "a.csv", bytes: latin1("city,n\nZürich\x81,1\nGenève,2\n"), columns: { city: "VARCHAR", n: "BIGINT" }, rows: ["Zürich\x81,1", "Genève,2"] },
    { name: "gzip", file: "a.csv.gz", bytes: zlib.gzipSync("day,channel,spend,clicks\n2026-12-24,search,10.50,3\n2026-12-25,social,1234.00,12\n"), columns: ordinary, rows: ordinaryRows },
    { name: "zstd", file: "a.csv.zst", bytes: zstd("day,channel,spend,clicks\n2026-12-24,search,10.50,3\n2026-12-25,social,1234.00,12\n"), columns: ordinary, rows: ordinaryRows },

    // Dates.
    dates("2026-12-25", ["2026-12-24", "2026-12-25"], "DATE", ["2026-12-24", "2026-12-25"]),
    dates("25.12.2026", ["24.12.2026", "1.2.2026"], "DATE", ["2026-12-24", "2026-02-01"]),
    dates("25/12/2026: the day first, by the whole column", ["04/12/2026", "25/12/2026", "05/01/2026"], "DATE", ["2026-12-04", "2026-12-25", "2026-01-05"]),
    dates("12/25/2026: the month first, by the whole column", ["12/04/2026", "12/25/2026", "01/05/2026"], "DATE", ["2026-12-04", "2026-12-25", "2026-01-05"]),
    dates("04/12/2026: nothing decides", ["04/12/2026", "05/01/2026"], "VARCHAR", ["04/12/2026", "05/01/2026"], { says: /day or the month first[^]*formats/ }),
    dates("both orders in one column", ["25/12/2026", "12/25/2026"], "VARCHAR", ["25/12/2026", "12/25/2026"], { says: /more than one order/ }),
    dates("25.12.26", ["24.12.26", "31.01.99"], "DATE", ["2026-12-24", "1999-01-31"]),
    dates("25-Dec-26", ["24-Dec-26", "1-May-26"], "DATE", ["2026-12-24", "2026-05-01"]),
    dates("Dec 25, 2026", ["Dec 24, 2026", "May 1, 2026"], "DATE", ["2026-12-24", "2026-05-01"]),
    dates("25. Dezember 2026, 25 déc. 2026", ["24 Dezember 2026", "1 déc. 2026"], "DATE", ["2026-12-24", "2026-12-01"]),
    dates("20261225", ["20261224", "20260501"], "DATE", ["2026-12-24", "2026-05-01"]),
    dates("ISO with a zone", ["2026-12-24T23:30:00-01:00", "2026-12-25T08:00:00Z"], "TIMESTAMP", ["2026-12-25T00:30:00", "2026-12-25T08:00:00"]),
    dates("2026/12/25 08:00", ["2026/12/25 08:00", "2026/12/25 18:30"], "TIMESTAMP", ["2026-12-25T08:00:00", "2026-12-25T18:30:00"]),
    dates("12/25/2026 8:00 PM", ["12/25/2026 8:00 PM", "12/26/2026 12:30 AM"], "TIMESTAMP", ["2026-12-25T20:00:00", "2026-12-26T00:30:00"]),
    { name: "dates: counted from 1900", file: "a.csv", bytes: "order_date,n\n46380,1\n46381,2\n", columns: { order_date: "DATE", n: "BIGINT" }, rows: ["2026-12-24,1", "2026-12-25,2"], says: /counted from 1900/ },
    { name: "dates: seconds since 1970", file: "a.csv", bytes: "created_at,n\n1798070400,1\n1798156800,2\n", columns: { created_at: "TIMESTAMP", n: "BIGINT" }, rows: ["2026-12-24T00:00:00,1", "2026-12-25T00:00:00,2"] },
    { name: "dates: milliseconds since 1970", file: "a.csv", bytes: "ts,n\n1798070400500,1\n1798156800000,2\n", columns: { ts: "TIMESTAMP", n: "BIGINT" }, rows: ["2026-12-24T00:00:00.5,1", "2026-12-25T00:00:00,2"] },

    // Numbers.
    numbers("thousands by commas", ['"1,234.50"', "7.25"], "DECIMAL(18,6)", ["1234.500000", "7.250000"]),
    numbers("thousands by blanks and apostrophes", ["1 234 567", "12'345"], "BIGINT", ["1234567", "12345"]),
    numbers("dollars, also below zero", ["$1,234.50", "-$5.00", "($7.00)"], "DECIMAL(18,6)", ["1234.500000", "-5.000000", "-7.000000"]),
    numbers("euros behind the amount", ["1.234,50 €", "7,00 €"], "DECIMAL(18,6)", ["1234.500000", "7.000000"]),
    numbers("two currencies in one column", ["$5.00", "€7.00"], "VARCHAR", ["$5.00", "€7.00"], { says: /different currencies/ }),
    numbers("percentages become fractions", ["12.5%", "0.5 %"], "DECIMAL(18,6)", ["0.125000", "0.005000"], { says: /percentages/ }),
    numbers("percent marks at some only", ["12.5%", "0.5"], "VARCHAR", ["12.5%", "0.5"], { says: /percent marks/ }),
    numbers("words for none", ["1.5", "n/a", "-", "#DIV/0!"], "DECIMAL(18,6)", ["1.500000", "", "", ""]),
    numbers("accounts' minus behind", ["12.50-", "3.00"], "DECIMAL(18,6)", ["-12.500000", "3.000000"]),
    { name: "numbers: leading zeros stay", file: "a.csv", bytes: "plz,n\n01067,1\n80331,2\n", columns: { plz: "VARCHAR", n: "BIGINT" }, rows: ["01067,1", "80331,2"] },
    { name: "numbers: decimal commas between quotes, parted by commas", file: "a.csv", bytes: 'item,v\na,"1,50"\nb,"2,75"\n', columns: { item: "VARCHAR", v: "VARCHAR" }, rows: ['a,"1,50"', 'b,"2,75"'], says: /decimal commas/ },

    // The shape of the table.
    { name: "titles above, totals below", file: "a.csv", bytes: "Spend by channel;;;\r\nPeriod:;December 2026;;\r\n\r\nday;channel;spend;clicks\r\n24.12.2026;search;10,50;3\r\n25.12.2026;social;1.234,00;12\r\nTotal;;1.244,50;15\r\n", columns: ordinary, rows: ordinaryRows, left: 1, says: /begins at line 4/ },
    { name: "a total in the middle is a row", file: "a.csv", bytes: "region,spend\nnorth,5\nTotal,7\nsouth,2\n", columns: { region: "VARCHAR", spend: "BIGINT" }, rows: ["north,5", "Total,7", "south,2"] },
    { name: "two rows of totals in German", file: "a.csv", bytes: "region;umsatz\nNord;5\nSüd;2\nZwischensumme;7\nGesamt;7\n", columns: { region: "VARCHAR", umsatz: "BIGINT" }, rows: ["Nord,5", "Süd,2"], left: 2 },
    { name: "a header of two rows", file: "a.csv", bytes: ",Q1,,Q2,\nregion,spend,clicks,spend,clicks\nnorth,1.5,2,3.5,4\nsouth,5.5,6,7.5,8\n", columns: { region: "VARCHAR", q1_spend: "DECIMAL(18,6)", q1_clicks: "BIGINT", q2_spend: "DECIMAL(18,6)", q2_clicks: "BIGINT" }, rows: ["north,1.500000,2,3.500000,4", "south,5.500000,6,7.500000,8"] },
    { name: "years for names", file: "a.csv", bytes: "region,2024,2025\nnorth,5,6\nsouth,7,8\n", columns: { region: "VARCHAR", 2024: "BIGINT", 2025: "BIGINT" }, rows: ["north,5,6", "south,7,8"] },
    { name: "no header", file: "a.csv", bytes: "2026-12-24,search,10.50\n2026-12-25,social,1234.00\n", columns: { column_1: "DATE", column_2: "VARCHAR", column_3: "DECIMAL(18,6)" }, rows: ["2026-12-24,search,10.500000", "2026-12-25,social,1234.000000"], says: /does not name the columns/ },
    { name: "one name twice", file: "a.csv", bytes: "name_of,value,value\na,1,2\nb,3,4\n", columns: { name_of: "VARCHAR", value: "BIGINT", value_2: "BIGINT" }, rows: ["a,1,2", "b,3,4"], says: /several columns/ },
    { name: "empty columns and rows", file: "a.csv", bytes: "day,spend,,\n2026-12-24,5,,\n,,,\n\n2026-12-25,6,,\n", columns: { day: "DATE", spend: "BIGINT" }, rows: ["2026-12-24,5", "2026-12-25,6"], says: /without a name/ },
    { name: "delimiters behind the rows only", file: "a.csv", bytes: "day,spend\n2026-12-24,5,\n2026-12-25,6,,\n", columns: { day: "DATE", spend: "BIGINT" }, rows: ["2026-12-24,5", "2026-12-25,6"] },
    { name: "ragged rows", file: "a.csv", bytes: "day,channel,spend\n2026-12-24,search,5\n2026-12-25,6\n2026-12-26,social,7,8\n2026-12-27,search,9\n", columns: { day: "DATE", channel: "VARCHAR", spend: "BIGINT" }, rows: ["2026-12-24,search,5", "2026-12-27,search,9"], aside: ["field_count 3", "field_count 4"], says: /2 of 4 rows do not fit/ },
    { name: "line ends, quotes and delimiters in values", file: "a.csv", bytes: 'n,note\n1,"first\nsecond, ""quoted"""\n2,plain\n', columns: { n: "BIGINT", note: "VARCHAR" }, count: 2, sql: ["SELECT length(note) FROM web.x WHERE n = 1", ["22"]] },
    { name: "an open quote", file: "a.csv", bytes: 'n,note\n1,fine\n2,"open\n3,fine\n', columns: { n: "BIGINT", note: "VARCHAR" }, rows: ["1,fine", "3,fine"], aside: ["unterminated_quote 3"] },
    { name: "NULs", file: "a.csv", bytes: "n,note\n1,a\0b\n2,plain\n", columns: { n: "BIGINT", note: "VARCHAR" }, rows: ["2,plain"], aside: ["bad_encoding 2"] },
    { name: "a byte that is no UTF-8", file: "a.csv", bytes: Buffer.concat([Buffer.from("n,note\n1,Köln, \n".replace(", ", "")), Buffer.from([0x32, 0x2c, 0xff, 0x0a])]), columns: { n: "BIGINT", note: "VARCHAR" }, rows: ["1,Köln"], aside: ["bad_encoding 3"] },
    { name: "a header and nothing else", file: "a.csv", bytes: "day,channel,spend\n", columns: { day: "VARCHAR", channel: "VARCHAR", spend: "VARCHAR" }, rows: [], says: /no rows/ },
    { name: "personal values stay hidden", file: "a.csv", bytes: "day,contact,reach\n2026-12-24,ana@example.org,5\n2026-12-25,tom@example.org,6\n", columns: { day: "DATE", contact: "VARCHAR", reach: "BIGINT" }, classes: { contact: "personal" }, count: 2 },

    // JSON.
    { name: "an array of objects", file: "a.json", bytes: '[{"n":1,"t":"a"},\n {"n":2,"t":null,"more":true}]', columns: { n: "BIGINT", t: "VARCHAR", more: "BOOLEAN" }, rows: ["1,a,", "2,,true"] },
    { name: "an object with an array inside", file: "a.json", bytes: '{"page":{"next":null},"data":[{"n":1,"t":"a"},{"n":2,"t":"b"}],"total":2}', columns: { n: "BIGINT", t: "VARCHAR" }, rows: ["1,a", "2,b"] },
    { name: "an array two objects deep, over several lines", file: "a.json", bytes: JSON.stringify({ status: "ok", response: { rows: [{ n: 1 }, { n: 2 }, { n: 3 }], kind: "x" } }, null, 2), columns: { n: "BIGINT" }, rows: ["1", "2", "3"] },
    { name: "objects within objects", file: "a.json", bytes: '[{"id":"x1","place":{"city":"Köln","geo":{"lat":50.9}},"tags":["a","b"]},{"id":"x2","place":{"city":"Bonn"},"tags":[]}]', columns: { id: "VARCHAR", place_city: "VARCHAR", place_geo_lat: "DECIMAL(18,6)", tags: "VARCHAR" }, rows: ['x1,Köln,50.900000,"[""a"",""b""]"', "x2,Bonn,,[]"] },
    { name: "NDJSON with a broken line", file: "a.ndjson", bytes: '{"n":1}\n{"n":2\n{"n":3}\n', columns: { n: "BIGINT" }, rows: ["1", "3"], aside: ["bad_json 2"] },
    { name: "NDJSON, gzip", file: "a.ndjson.gz", bytes: zlib.gzipSync('{"n":1}\n{"n":2}\n'), columns: { n: "BIGINT" }, rows: ["1", "2"] },

    // Workbooks.
    { name: "a workbook", file: "a.xlsx", bytes: workbook([{ rows: [["day", "channel", "spend", "clicks"], [{ v: 46380, s: 1 }, "search", 10.5, 3], [{ v: 46381, s: 3 }, "social", 1234, 12]] }]), columns: ordinary, rows: ordinaryRows },
    { name: "a workbook with titles, totals, blank lines and a margin", file: "a.xlsx", bytes: workbook([{ rows: [["", "Spend by channel"], null, ["", "day", "channel", "spend", "clicks"], ["", { v: 46380, s: 1 }, "search", 10.5, 3], null, ["", { v: 46381, s: 1 }, "social", 1234, 12], ["", "Total", "", 1244.5, 15]] }]), columns: ordinary, rows: ordinaryRows, left: 1, says: /begins at line 3/ },
    { name: "a workbook: the largest sheet, not the hidden one", file: "a.xlsx", bytes: workbook([{ name: "Read me", rows: [["This file holds the spend."]] }, { name: "Spend & more", rows: [["n", "t"], [1, "a"], [2, "b"]] }, { name: "Old", hidden: true, rows: [["x", "y"], [1, 2], [3, 4], [5, 6], [7, 8]] }]), columns: { n: "BIGINT", t: "VARCHAR" }, rows: ["1,a", "2,b"], says: /3 sheets; "Spend & more"/ },
    { name: "a workbook of 1904 with moments, clocks and texts in place", file: "a.xlsx", bytes: workbook([{ rows: [["at", "t"], [{ v: 44919.25, s: 2 }, "a"], [{ v: 44919.5, s: 2 }, "b"]] }], { from1904: true, inline: true }), columns: { at: "TIMESTAMP", t: "VARCHAR" }, rows: ["2026-12-25T06:00:00,a", "2026-12-25T12:00:00,b"] },
    { name: "a workbook: formulas, truth, zeros, percent, noise of fractions", file: "a.xlsx", bytes: workbook([{ rows: [["sum", "ok", "plz", "rate", "x"], [{ v: 7, f: "3+4" }, true, { v: 1067, s: 4 }, { v: 0.125, s: 5 }, 0.30000000000000004], [{ v: 9, f: "4+5" }, false, { v: 80331, s: 4 }, { v: 0.5, s: 5 }, 1.1]] }]), columns: { sum: "BIGINT", ok: "BOOLEAN", plz: "VARCHAR", rate: "DECIMAL(18,6)", x: "DECIMAL(18,6)" }, rows: ["7,true,01067,0.125000,0.300000", "9,false,80331,0.500000,1.100000"] },
    { name: "a workbook: errors of formulas are no values", file: "a.xlsx", bytes: workbook([{ rows: [["n", "ratio"], [1, { v: "#DIV/0!", t: "e", f: "1/0" }], [2, 0.5], [3, { v: 0.25, f: "1/4" }]] }]), columns: { n: "BIGINT", ratio: "DECIMAL(18,6)" }, rows: ["1,", "2,0.500000", "3,0.250000"] },
    { name: "a workbook: merged cells", file: "a.xlsx", bytes: workbook([{ rows: [["region", "Q1", "", "Q2", ""], ["", "spend", "clicks", "spend", "clicks"], ["north", 1, 2, 3, 4], ["", 5, 6, 7, 8], ["south", 9, 10, 11, 12]], merges: ["A1:A2", "B1:C1", "D1:E1", "A3:A4"] }]), columns: { region: "VARCHAR", q1_spend: "BIGINT", q1_clicks: "BIGINT", q2_spend: "BIGINT", q2_clicks: "BIGINT" }, rows: ["north,1,2,3,4", "north,5,6,7,8", "south,9,10,11,12"] },
    { name: "a workbook that is empty", file: "a.xlsx", bytes: workbook([{ rows: [] }]), refused: /workbook is empty/, hint: /save it again/ },
    { name: "a workbook cut short", file: "a.xlsx", bytes: workbook([{ rows: [["a"], [1]] }]).subarray(0, 900), refused: /damaged/, hint: /save it again/ },
    { name: "a workbook that is a bomb", file: "a.xlsx", bytes: () => workbook([{ rows: [["a"], [1]] }], { more: [] , bomb: true }), bomb: true, refused: /unpacks to far more/, hint: /CSV/ },
    { name: "a workbook with entities", file: "a.xlsx", bytes: zip([["xl/workbook.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><workbook>&a;</workbook>'], ["xl/_rels/workbook.xml.rels", "<x/>"]]), refused: /document type/, hint: /save it again/ },

    // What is not read.
    { name: "an old spreadsheet", file: "a.xls", bytes: Buffer.concat([Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), Buffer.alloc(600)]), refused: /old spreadsheet/, hint: /XLSX or CSV/ },
    { name: "a spreadsheet with a password", file: "a.xlsx", bytes: Buffer.concat([Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), Buffer.alloc(600), Buffer.from("EncryptedPackage", "utf16le"), Buffer.alloc(100)]), refused: /password/, hint: /remove the password/ },
    { name: "a web page", file: "a.csv", bytes: "\n<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", refused: /web page/, hint: /sign in/ },
    { name: "a ZIP archive", file: "a.csv", bytes: zip([["a.csv", "a,b\n1,2\n"]]), refused: /ZIP archive/, hint: /unpack/ },
    { name: "an OpenDocument spreadsheet", file: "a.ods", bytes: zip([["content.xml", "<x/>"]]), refused: /OpenDocument/, hint: /XLSX or CSV/ },
    { name: "a workbook wider than is read", file: "a.xlsx", bytes: workbook([{ rows: [["a"], [1], Array.from({ length: 4097 }, (_, i) => i)] }]), refused: /column 4097; 4096/, hint: /CSV/ },
    { name: "compressed twice", file: "a.csv.gz", bytes: zlib.gzipSync(zlib.gzipSync("a,b\n1,2\n")), refused: /no text/, hint: /compressed twice/ },
    { name: "another alphabet of bytes (EBCDIC)", file: "a.csv", bytes: Buffer.from([0x81, 0x6b, 0x82, 0x25, 0xf1, 0x6b, 0xf2, 0x25]), refused: /no text/, hint: /UTF-8/ },
    { name: "UTF-32", file: "a.csv", bytes: Buffer.from("\ufeffa\u0000,\u0000b\u0000\n\u0000".replace("\ufeff", "\ufeff\u0000"), "utf16le"), refused: /UTF-32/, hint: /UTF-8/ },
    { name: "a PDF", file: "a.csv", bytes: "%PDF-1.7\n", refused: /PDF/, hint: /CSV or XLSX/ },
    { name: "an empty file", file: "a.csv", bytes: "", refused: /empty/, hint: /export it again/ },
    { name: "gzip cut short", file: "a.csv.gz", bytes: zlib.gzipSync("a,b\n" + repeat(2000, (i) => `${i * 7919},${day(i % 300)}\n`)).subarray(0, 3000), refused: /ends early/, hint: /again/ },
    { name: "JSON without objects", file: "a.json", bytes: "[1,2,3]", refused: /no JSON object/, hint: /array of objects/ },
];
