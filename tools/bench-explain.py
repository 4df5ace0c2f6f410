#!/usr/bin/env python3
"""`make bench-explain`: the error analyzer beside drain3, on the same file in the same run.

The input is real: logs of Flink clusters of this project's experiments (experience/benches/logs, paths made neutral),
repeated to the size asked for with other times, numbers and ids. Shown are lines a second (by the processor's time and by
the clock), memory, the time of a first answer, and how well lines are grouped, as Loghub-2.0 defines it: GA, the share of
lines whose group is exactly the true one, and FGA, the F1 of groups. The true template of a line is the format string
of its logger in the mined sources that fits with the most constant text; lines that none fits are left out, and counted.
"""
import argparse
import collections
import gzip
import pathlib
import random
import re
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (\w+) +(\S+) +\[[^\]]*\] - (.*)$")
VARYING = re.compile(r"\b[0-9a-f]{16,}\b|\b\d{4,}\b")


def real_lines():
    lines = []
    for path in sorted((ROOT / "experience/benches/logs").glob("*.gz")):
        lines += gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines()
    return lines


def make_input(lines, megabytes, path):
    """Repeats real lines with other times, numbers and ids."""
    chance = random.Random(7)
    written = count = 0
    with path.open("w") as out:
        while written < megabytes * 1_000_000:
            shift = chance.randrange(10**6)

            def vary(match, shift=shift):
                text = match.group(0)
                if text.isdigit():
                    return str(int(text) + shift)[-len(text):].rjust(len(text), "1")
                return f"{(int(text, 16) ^ (shift * 2654435761)):0{len(text)}x}"[-len(text):]

            for line in lines:
                head, body = line[:24], line[24:]
                text = head + VARYING.sub(vary, body) + "\n" if HEADER.match(line) else line + "\n"
                out.write(text)
                written += len(text)
                count += 1
    return count


def run(command, stdin=None):
    """Seconds of processor and clock, and memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    process = subprocess.run(["/usr/bin/time", "-f", "%M", *map(str, command)], stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - started, int(process.stderr.split()[-1]) / 1024


def drain3_speed(path, most):
    from drain3 import TemplateMiner
    miner = TemplateMiner()
    with path.open() as log:
        lines = [line.rstrip("\n") for _, line in zip(range(most), log)]
    contents = [found.group(4) if (found := HEADER.match(line)) else line for line in lines]
    started, clock = time.process_time(), time.monotonic()
    for content in contents:
        miner.add_log_message(content)
    return len(contents) / (time.process_time() - started), len(contents) / (time.monotonic() - clock)


def truths(messages):
    of_owner = collections.defaultdict(list)
    for path in (ROOT / "experience/templates").glob("*.tsv"):
        for line in path.read_text().splitlines():
            owner, _, template = line.partition("\t")
            pattern = "".join("(?:.*)" if part == "{}" else re.escape(part) for part in re.split(r"(\{\})", template))
            of_owner[owner].append((len(template.replace("{}", "")), pattern, template))
    compiled, found = {}, []
    for logger, message in messages:
        owner = logger.split(".")[-1].split("$")[-1]
        if owner not in compiled:
            compiled[owner] = [(re.compile(p), t) for _, p, t in sorted(of_owner.get(owner, []), reverse=True)]
        text = re.sub(r"\s+", " ", message.strip())
        found.append(next((f"{owner}\t{t}" for p, t in compiled[owner] if p.fullmatch(text)), None))
    return found


def grouping(given, true):
    """Grouping accuracy and F1 of group accuracy."""
    of_given, of_true = collections.defaultdict(set), collections.defaultdict(set)
    for line, (one, other) in enumerate(zip(given, true)):
        of_given[one].add(line)
        of_true[other].add(line)
    exact = [lines for lines in of_given.values() if lines == of_true[true[next(iter(lines))]]]
    precision, recall = len(exact) / len(of_given), len(exact) / len(of_true)
    return sum(map(len, exact)) / len(true), 2 * precision * recall / ((precision + recall) or 1)


def compare_groups(lines, grouper):
    messages = [(found.group(3), found.group(4)) for line in lines if (found := HEADER.match(line))]
    true = truths(messages)
    known = [index for index, one in enumerate(true) if one]
    print(f"grouping: {len(messages)} lines, {len(known)} with a true template, {len({true[i] for i in known})} templates")
    written = "".join(f"{logger}\t{message}\n" for logger, message in messages)
    coded = subprocess.run([grouper], input=written, capture_output=True, text=True, check=True).stdout.splitlines()
    from drain3 import TemplateMiner
    miner = TemplateMiner()
    clusters = [miner.add_log_message(message)["cluster_id"] for _, message in messages]
    of_true = [true[i] for i in known]
    for name, groups in (
        ("mined templates", [line.split("\t")[0] for line in coded]),
        ("normal form alone", [line.split("\t")[1] for line in coded]),
        ("drain3", clusters),
    ):
        accuracy, f1 = grouping([groups[i] for i in known], of_true)
        print(f"  {name:<18} GA {accuracy:.3f}  FGA {f1:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=ROOT / "target/release/streamwarden")
    parser.add_argument("--grouper", default=ROOT / "target/release/examples/group_lines")
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("/tmp"))
    options = parser.parse_args()
    lines = real_lines()
    compare_groups(lines, options.grouper)
    path = options.work / "bench-explain.log"
    count = make_input(lines, options.megabytes, path)
    print(f"speed: {path.stat().st_size / 1e6:.0f} MB, {count} lines made of {len(lines)} real ones")
    explained, coded, drain, memory = [], [], [], []
    for number in range(options.runs):
        for what, more, rates in (("explain", [], explained), ("explain --codes", ["--codes"], coded)):
            cpu, clock, used = run([options.binary, "explain", *more, path])
            rates.append(count / cpu)
            memory.append(used)
            print(f"  {number} {what}: {count / cpu:,.0f} lines/s of processor, {count / clock:,.0f} by the clock, {used:.0f} MB")
        cpu, clock = drain3_speed(path, 60_000)
        drain.append(cpu)
        print(f"  {number} drain3: {cpu:,.0f} lines/s of processor, {clock:,.0f} by the clock")
    for what, rates in (("explain", explained), ("explain --codes", coded), ("drain3", drain)):
        print(f"{what}: best {max(rates):,.0f}, median {statistics.median(rates):,.0f} lines/s")
    print(f"explain is {statistics.median(explained) / statistics.median(drain):.0f} times drain3 (medians); memory at most {max(memory):.0f} MB")
    small = options.work / "bench-explain-small.log"
    small.write_text("\n".join(lines)[:10_000])
    firsts = [run([options.binary, "explain", small]) for _ in range(20)]
    print(f"first answer on 10 kB: {min(f[1] for f in firsts) * 1000:.0f} ms best, {statistics.median(f[1] for f in firsts) * 1000:.0f} ms median; processor {statistics.median(f[0] for f in firsts) * 1000:.0f} ms")
    path.unlink()
    small.unlink()


if __name__ == "__main__":
    sys.exit(main())
