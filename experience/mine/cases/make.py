#!/usr/bin/env python3
"""Makes logs of failures out of cases.txt, without any look at the rules that will judge them.

    python3 experience/mine/cases/make.py --sources DIR... [--out experience/tests]

A case names its class, how it comes into a log, and the chain of exceptions, outermost first. Messages are those that
libraries, the JVM, databases, Kubernetes and YARN print. Where the message is found in the sources under DIR, the
stack trace gets the frame that throws it, with its real line; the share of those is printed. Of each class, every
first and third case of three goes to held-out/, where nobody looks while writing rules, the second to corpus/.
With --later, cases that were written after the rules (later.txt): a coin that the words of a case toss sends it to
held-out/ or to fresh/, so that no writer's hand decides.

Forms: T task, J JobManager's report of a task, C client, B bare trace, L line of a log (level, logger, message), R as it is.
"""
import argparse
import pathlib
import re
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mine  # noqa: E402

TASKS = ["Source: orders -> map", "Window(TumblingEventTimeWindows(60000))", "Sink: out", "KeyedProcess -> Filter"]
LAYOUTS = [
    "{t} {level:<5} {logger:<60} [] - {text}",
    "{t} [flink-thread-7] {level:<5} {logger} - {text}",
    "{t} {level:<5} {logger:<60} [] - {text}",
    "[{t}] {level} {text} ({logger})",
]
BELOW = {
    "T": ["org.apache.flink.streaming.runtime.tasks.StreamTask.invoke(StreamTask.java:838)",
          "org.apache.flink.runtime.taskmanager.Task.runWithSystemExitMonitoring(Task.java:953)",
          "org.apache.flink.runtime.taskmanager.Task.doRun(Task.java:746)", "java.base/java.lang.Thread.run(Thread.java:829)"],
    "J": ["org.apache.flink.runtime.scheduler.DefaultScheduler.handleTaskFailure(DefaultScheduler.java:256)",
          "org.apache.flink.runtime.rpc.pekko.PekkoRpcActor.handleRpcMessage(PekkoRpcActor.java:164)"],
    "C": ["org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:356)",
          "org.apache.flink.client.cli.CliFrontend.main(CliFrontend.java:1368)"],
}


def thrown_by(folders):
    """By simple name of the exception: patterns of its messages, with the frame that throws them."""
    found = {}
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*.java")):
            if "/test/" in str(path):
                continue
            source = path.read_text(errors="replace")
            package = re.search(r"^package ([\w.]+);", source, re.M)
            constants = mine.constants_of(source)
            for match in mine.THROW.finditer(source):
                texts = (mine.text_of(argument, constants) for argument in mine.arguments(source, match.end())[:3])
                template = mine.tidy(next((text for text in texts if text), "") or "")
                if not template:
                    continue
                line = source.count("\n", 0, match.start()) + 1
                methods = re.findall(r"^ {4}(?=\S)(?:\w+ )*[\w<>\[\], .?]+ (\w+)\(", source[: match.start()], re.M)
                frame = f"{package.group(1) if package else ''}.{path.stem}.{methods[-1] if methods else '<init>'}({path.name}:{line})"
                pattern = "".join(".*" if part == "{}" else re.escape(part) for part in re.split(r"(\{\})", template))
                found.setdefault(match.group(1).split(".")[-1], []).append((re.compile(pattern), frame))
    return found


def chain_of(text, form, throwers, counts):
    lines = []
    for depth, link in enumerate(text.split(" <- ")):
        link, _, frame = link.partition(" @ ")
        link = link.replace("\\n", "\n").replace("\\t", "\t")
        exception, _, message = link.partition(": ")
        counts[1] += 1
        if not frame:
            simple = re.split(r"[.$]", exception)[-1]
            candidates = (where for pattern, where in throwers.get(simple, []) if message and pattern.match(message.split("\n")[0]))
            frame = next(candidates, "")
            counts[0] += bool(frame)
        lines.append(("Caused by: " if depth else "") + link)
        lines += [f"\tat {one}" for one in ([frame] if frame else []) + ([] if depth else BELOW.get(form, []))]
        if depth:
            lines.append("\t... 6 more")
    return "\n".join(lines)


def log_of(form, body, number, throwers, counts):
    second = [0]

    def line(level, logger, text):
        second[0] += 1
        time = f"2026-11-{number % 27 + 1:02} 1{number % 9}:{number % 60:02}:{second[0]:02},{number * 37 % 1000:03}"
        return LAYOUTS[number % len(LAYOUTS)].format(t=time, level=level, logger=logger, text=text)

    task = TASKS[number % len(TASKS)]
    if form == "R":
        return body.replace("\\n", "\n").replace("\\t", "\t")
    if form == "L":
        head, _, trace = body.partition("|")
        level, logger, text = head.split(" ", 2)
        written = line(level, logger, text.replace("\\n", "\n"))
        return written + ("\n" + chain_of(trace, form, throwers, counts) if trace else "")
    trace = chain_of(body, form, throwers, counts)
    if form == "T":
        return "\n".join([
            line("INFO", "org.apache.flink.runtime.taskmanager.Task", f"{task} (1/2)#0 (0c5e4d1f_cbc357_0_0) switched from INITIALIZING to RUNNING."),
            line("WARN", "org.apache.flink.runtime.taskmanager.Task", f"{task} (1/2)#0 (0c5e4d1f_cbc357_0_0) switched from RUNNING to FAILED with failure cause:"),
            trace,
            line("INFO", "org.apache.flink.runtime.taskmanager.Task", f"Freeing task resources for {task} (1/2)#0 (0c5e4d1f_cbc357_0_0).")])
    if form == "J":
        return "\n".join([
            line("INFO", "org.apache.flink.runtime.executiongraph.ExecutionGraph", f"{task} (2/2) (0c5e4d1f_cbc357_1_0) switched from RUNNING to FAILED on 10.0.0.7:6122-3f1a @ tm-7 (dataPort=41235)."),
            trace,
            line("INFO", "org.apache.flink.runtime.executiongraph.ExecutionGraph", "Job orders (33aa) switched from state RUNNING to RESTARTING.")])
    if form == "C":
        rule = "-" * 60
        inner = trace.split("\n", 1)
        wrapper = "org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: " + inner[0].partition(": ")[2]
        return f"{rule}\n The program finished with the following exception:\n\n{wrapper}\n\tat {BELOW['C'][0]}\nCaused by: {trace}"
    return trace


def folder_of(case, place, later):
    if later:
        return "held-out" if zlib.crc32(case.encode()) % 2 else "fresh"
    return "corpus" if place % 3 == 1 else "held-out"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sources", nargs="*", default=[])
    parser.add_argument("--later", action="store_true", help="make later.txt instead of cases.txt")
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parents[1] / "tests")
    options = parser.parse_args()
    cases, name = ("later.txt", "later") if options.later else ("cases.txt", "case")
    throwers, counts, of_class = thrown_by(options.sources), [0, 0], {}
    for number, case in enumerate((HERE / cases).read_text().splitlines()):
        kind, form, body = case.split("|", 2)
        place = of_class[kind] = of_class.get(kind, -1) + 1
        folder = options.out / folder_of(case, place, options.later) / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}-{number:03}.log").write_text(log_of(form, body, number, throwers, counts) + "\n")
    print(f"{sum(of_class.values()) + len(of_class)} cases, {counts[0]} of {counts[1]} exceptions with the frame of their source")


if __name__ == "__main__":
    main()
