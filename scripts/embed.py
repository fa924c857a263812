#!/usr/bin/env python3
"""Puts files into the program: writes a blob with their bytes and a C table over it (src/base/embed.h).

    embed.py --root DIR --c OUT.c --blob OUT.bin --depfile OUT.d FOLDER[=NAME]...

A FOLDER that does not exist contributes nothing (web/dist before the user interface is built). The output depends on
the files alone, never on the time or the place, so that two builds of one commit are equal.
"""
import argparse
import gzip
import hashlib
import os

ALIGN = 16
PLAIN = (".png", ".jpg", ".woff2", ".gz", ".zst", ".ico")


def files_below(folder):
    """(paths of files, folders visited), hidden files left out."""
    found, visited = [], []
    for here, dirs, names in os.walk(folder):
        dirs[:] = sorted(d for d in dirs if not d.startswith("."))
        visited.append(here)
        found += [os.path.join(here, n) for n in names if not n.startswith(".")]
    return found, visited


def c_text(text):
    return '"' + "".join(c if 32 <= ord(c) < 127 and c not in '"\\?' else "".join(f"\\{b:03o}" for b in c.encode()) for c in text) + '"'


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--root", required=True)
    p.add_argument("--c", required=True)
    p.add_argument("--blob", required=True)
    p.add_argument("--depfile", required=True)
    p.add_argument("folders", nargs="+")
    a = p.parse_args()

    sources, watched = {}, [os.path.abspath(__file__)]
    for spec in a.folders:
        folder, _, name = spec.partition("=")
        base = os.path.join(a.root, folder)
        name = name or folder
        if not os.path.isdir(base):
            parent = os.path.dirname(base)
            if os.path.isdir(parent):
                watched.append(parent)
            continue
        found, visited = files_below(base)
        watched += found + visited
        for path in found:
            sources[(name + "/" + os.path.relpath(path, base)).encode()] = path

    blob, rows = bytearray(), []

    def put(data):
        at = len(blob)
        blob.extend(data + b"\0")
        blob.extend(b"\0" * (-len(blob) % ALIGN))
        return at

    for path in sorted(sources):
        with open(sources[path], "rb") as f:
            data = f.read()
        at, small_at, small = put(data), 0, b""
        if path.startswith(b"web/") and not sources[path].endswith(PLAIN):
            small = gzip.compress(data, 9, mtime=0)
            if len(small) < len(data):
                small_at = put(small)
            else:
                small = b""
        squeezed = f"{{embed_blob + {small_at}, {len(small)}}}" if small else "{NULL, 0}"
        rows.append(f"    {{{{{c_text(path.decode())}, {len(path)}}}, {{embed_blob + {at}, {len(data)}}}, {squeezed}, "
                    f'"{hashlib.sha256(data).hexdigest()}"}},')

    with open(a.blob, "wb") as f:
        f.write(blob or b"\0")
    with open(a.c, "w", encoding="ascii") as f:
        f.write("/* Made by scripts/embed.py; do not edit. */\n")
        f.write('#include "base/embed_int.h"\n\n')
        f.write('__asm__(".section .rodata\\n"\n        ".balign 16\\n"\n        "embed_blob_start:\\n"\n'
                f'        ".incbin \\"{os.path.abspath(a.blob)}\\"\\n"\n        ".byte 0\\n"\n        ".text\\n");\n')
        f.write('extern const char embed_blob[] __asm__("embed_blob_start");\n\n')
        f.write("const struct embed_file embed_table[] = {\n" + "\n".join(rows) + "\n    {{NULL, 0}, {NULL, 0}, {NULL, 0}, NULL},\n};\n")
        f.write(f"const size_t embed_table_count = {len(rows)};\n")
    with open(a.depfile, "w", encoding="utf-8") as f:
        escaped = [w.replace(" ", "\\ ") for w in sorted(set(watched))]
        f.write(os.path.relpath(a.c) + ": " + " \\\n  ".join(escaped) + "\n")


main()
