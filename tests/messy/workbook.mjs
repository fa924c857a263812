// Workbooks made by hand: stored or deflated ZIP archives of the XML that spreadsheet programs write.
import zlib from "node:zlib";

export function zip(parts) {
    const out = [], directory = [];
    let at = 0;
    for (const [name, text, { method = 8, size, flags = 0 } = {}] of parts) {
        const raw = Buffer.from(text), data = method ? zlib.deflateRawSync(raw) : raw, title = Buffer.from(name);
        const head = Buffer.alloc(30);
        head.writeUInt32LE(0x04034b50, 0);
        head.writeUInt16LE(20, 4);
        head.writeUInt16LE(flags, 6);
        head.writeUInt16LE(method, 8);
        head.writeUInt32LE(zlib.crc32 ? zlib.crc32(raw) : crc32(raw), 14);
        head.writeUInt32LE(data.length, 18);
        head.writeUInt32LE(size ?? raw.length, 22);
        head.writeUInt16LE(title.length, 26);
        const entry = Buffer.alloc(46);
        entry.writeUInt32LE(0x02014b50, 0);
        entry.writeUInt16LE(20, 4);
        head.copy(entry, 6, 4, 30);
        entry.writeUInt32LE(at, 42);
        directory.push(entry, title);
        out.push(head, title, data);
        at += head.length + title.length + data.length;
    }
    const table = Buffer.concat(directory), end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(parts.length, 8);
    end.writeUInt16LE(parts.length, 10);
    end.writeUInt32LE(table.length, 12);
    end.writeUInt32LE(at, 16);
    return Buffer.concat([...out, table, end]);
}

function crc32(bytes) {
    let c = ~0;
    for (const b of bytes) {
        c ^= b;
        for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (0xedb88320 & -(c & 1));
    }
    return ~c >>> 0;
}

const escape = (s) => String(s).replace(/&/g, "&amp;").replace(/</g, "&lt;");
const column = (i) => (i >= 26 ? column(Math.floor(i / 26) - 1) : "") + String.fromCharCode(65 + (i % 26));

// Number formats of the styles that cells may name: s: 1 day, 2 moment, 3 own day, 4 zeros, 5 percent, 6 duration, 7 clock.
const styles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="3">
<numFmt numFmtId="164" formatCode="[$-407]dd\\.mm\\.yyyy;@"/><numFmt numFmtId="165" formatCode="00000"/><numFmt numFmtId="166" formatCode="[h]:mm:ss"/></numFmts>
<cellStyleXfs count="1"><xf numFmtId="14"/></cellStyleXfs>
<cellXfs count="8"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="10"/><xf numFmtId="166"/><xf numFmtId="20"/></cellXfs></styleSheet>`;

// A sheet is {name, rows, merges, hidden}; a cell is null, a number, true, a text, or {v, s, t, f}: a number with a style or type.
export function workbook(sheets, { from1904 = false, inline = false, more = [] } = {}) {
    const texts = [];
    const cell = (c, ref) => {
        if (c === null || c === undefined || c === "") return "";
        if (typeof c === "number") return `<c r="${ref}"><v>${c}</v></c>`;
        if (typeof c === "boolean") return `<c r="${ref}" t="b"><v>${c ? 1 : 0}</v></c>`;
        if (typeof c === "object") return `<c r="${ref}"${c.s ? ` s="${c.s}"` : ""}${c.t ? ` t="${c.t}"` : ""}>${c.f ? `<f>${escape(c.f)}</f>` : ""}<v>${escape(c.v)}</v></c>`;
        if (inline) return `<c r="${ref}" t="inlineStr"><is><t>${escape(c)}</t></is></c>`;
        texts.push(c);
        return `<c r="${ref}" t="s"><v>${texts.length - 1}</v></c>`;
    };
    const sheet = ({ rows, merges = [] }) =>
        `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` +
        rows.map((r, y) => (r ? `<row r="${y + 1}">${r.map((c, x) => cell(c, column(x) + (y + 1))).join("")}</row>` : "")).join("\n") +
        `</sheetData>${merges.length ? `<mergeCells>${merges.map((m) => `<mergeCell ref="${m}"/>`).join("")}</mergeCells>` : ""}</worksheet>`;
    const made = sheets.map((s, i) => [`xl/worksheets/sheet${i + 1}.xml`, sheet(s)]);
    return zip([
        ["[Content_Types].xml", "<Types/>"],
        ["xl/workbook.xml", `<workbook xmlns:r="r"><workbookPr${from1904 ? ' date1904="1"' : ""}/><sheets>` +
            sheets.map((s, i) => `<sheet name="${escape(s.name ?? `Sheet${i + 1}`)}" sheetId="${i + 1}"${s.hidden ? ' state="hidden"' : ""} r:id="rId${i + 1}"/>`).join("") + "</sheets></workbook>"],
        ["xl/_rels/workbook.xml.rels", "<Relationships>" + sheets.map((_, i) =>
            `<Relationship Id="rId${i + 1}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`).join("") + "</Relationships>"],
        ["xl/styles.xml", styles],
        ["xl/sharedStrings.xml", `<sst>${texts.map((t) => `<si><t xml:space="preserve">${escape(t)}</t></si>`).join("")}</sst>`],
        ...made,
        ...more,
    ]);
}
