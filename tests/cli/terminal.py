#!/usr/bin/env python3
"""Answers a command's questions in a pseudo terminal: terminal.py PROGRAM MESH ANSWER... ; prints all that was shown, then EXIT and the code."""
import os
import pty
import select
import sys
import time

PROMPT = b"\n> "


def shown(fd, seconds):
    """What is shown until the next question; and whether the command has ended."""
    got, end = b"", time.time() + seconds
    while time.time() < end:
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        try:
            some = os.read(fd, 65536)
        except OSError:
            return got, True
        if not some:
            return got, True
        got += some
        if got.replace(b"\r", b"").endswith(PROMPT):
            return got, False
    raise SystemExit("no question within %d s; shown so far:\n%s" % (seconds, got.decode()))


def main():
    program, mesh, answers = sys.argv[1], sys.argv[2], sys.argv[3:]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="dumb", NO_COLOR="1")
        os.execv(program, [program, "-C", mesh, "add", "product"])
    said, ended = b"", False
    for answer in answers:
        got, ended = shown(fd, 60)
        said += got
        if ended:
            break
        os.write(fd, b"\x04" if answer == "EOF" else answer.encode() + b"\n")
    while not ended:
        got, ended = shown(fd, 60)
        said += got
        if not ended:
            break
    if not ended:
        os.close(fd)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.write(said.decode().replace("\r", "") + "\nEXIT %d\n" % code)


main()
