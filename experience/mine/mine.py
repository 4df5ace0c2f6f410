#!/usr/bin/env python3
"""Mines the constant messages of Flink and its connectors out of their published source jars.

    python3 experience/mine/mine.py [--repository DIR] [--out experience/templates] [--calm training/text/calm.tsv]

Reads versions.txt (Maven coordinates), gets each source jar through Maven, and writes one line a template: the simple
name of the class that logs or throws it, a tab, the text with {} at the places of its arguments. Only facts are kept:
format strings and who says them. The same template of several versions is written once, so its code stays the same.
With --calm, only what is logged as information is written, into one file: what the text model learns of lines that are fine.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
LEVELS = "trace|debug|info|warn|error|fatal"
LOG_CALL, CALM_CALL = (
    re.compile(r"\b(?:LOG|log|LOGGER|logger|S_LOGGER|LOG_)\s*\.\s*(?:%s)\s*\(" % levels) for levels in (LEVELS, "info")
)
THROW = re.compile(r"\bnew\s+([A-Z][\w.]*?(?:Exception|Error|Throwable|Failure))\s*\(")
# Flink's checks throw what their name says.
CHECKS = {
    "checkArgument": "IllegalArgumentException",
    "checkState": "IllegalStateException",
    "checkNotNull": "NullPointerException",
    "requireNonNull": "NullPointerException",
}
CHECK = re.compile(r"\b(%s)\s*\(" % "|".join(CHECKS))
FORMAT_PLACE = re.compile(r"%(?:\d+\$)?[-#+ 0,(]*\d*(?:\.\d+)?[a-zA-Z]|%n")
TOKEN = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\])\'|//[^\n]*|/\*(?:.|\n)*?\*/|[(),+?:;{}\[\]]|[^\s"\'(),+?:;{}\[\]/]+|/|\s+')
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", "b": "", "f": "", "0": "", "s": " "}
LEAST_CONSTANT_LETTERS = 12
LONGEST = 400


def unescape(literal):
    def one(match):
        code = match.group(1)
        return chr(int(code[1:], 16)) if code.startswith("u") else ESCAPES.get(code, code)

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", one, literal[1:-1])


def arguments(text, at):
    """The arguments of the call whose bracket opens before `at`, each as a list of tokens."""
    depth, found, current = 0, [], []
    for match in TOKEN.finditer(text, at, min(len(text), at + 4000)):
        token = match.group(0)
        if token.isspace() or token.startswith(("//", "/*")):
            continue
        if token in "([{":
            depth += 1
        elif token in ")]}":
            if depth == 0:
                found.append(current)
                return found
            depth -= 1
        if token == "," and depth == 0:
            found.append(current)
            current = []
        else:
            current.append(token)
    return []


def split_sum(tokens):
    """Operands of a string concatenation; none if there is another operator at its level."""
    depth, operands, current = 0, [], []
    for token in tokens:
        if token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
        if depth == 0 and token in ("?", ":", ";", "->"):
            return []
        if token == "+" and depth == 0:
            operands.append(current)
            current = []
        else:
            current.append(token)
    operands.append(current)
    return operands


def text_of(tokens, constants):
    """The text of an expression with {} for what is not constant; none if it is no text."""
    if len(tokens) >= 4 and tokens[0] in ("String.format", "format", "lenientFormat") and tokens[1] == "(" and tokens[-1] == ")":
        inner = "(" + " ".join(tokens[2:-1]) + ")"
        parts = arguments(inner, 1)
        template = text_of(parts[0], constants) if parts else None
        return FORMAT_PLACE.sub("{}", template) if template else None
    pieces, literal = [], False
    for operand in split_sum(tokens):
        if len(operand) == 1 and operand[0].startswith('"'):
            pieces.append(unescape(operand[0]))
            literal = True
        elif len(operand) == 1 and operand[0] in constants:
            pieces.append(constants[operand[0]])
            literal = True
        else:
            pieces.append("{}")
    return "".join(pieces) if literal else None


def constants_of(source):
    found = {}
    for name, value in re.findall(r'static\s+final\s+String\s+(\w+)\s*=\s*((?:"(?:\\.|[^"\\\n])*"\s*\+?\s*)+);', source):
        found[name] = "".join(unescape(part) for part in re.findall(r'"(?:\\.|[^"\\\n])*"', value))
    return found


def tidy(template):
    first = template.strip().split("\n")[0].strip()
    first = re.sub(r"\s+", " ", first)
    first = re.sub(r"(?:\{\})+", "{}", first)
    letters = sum(part.isalpha() for part in first.replace("{}", ""))
    if letters < LEAST_CONSTANT_LETTERS or len(first) > LONGEST or "\t" in first:
        return None
    return first


def logged(source, owner, constants, calls=LOG_CALL):
    for match in calls.finditer(source):
        call = arguments(source, match.end())
        template = text_of(call[0], constants) if call else None
        if template:
            yield owner, template


def thrown(source, constants):
    for match in THROW.finditer(source):
        owner = match.group(1).split(".")[-1]
        for argument in arguments(source, match.end())[:3]:
            template = text_of(argument, constants)
            if template:
                yield owner, template
                break


def checked(source, constants):
    for match in CHECK.finditer(source):
        call = arguments(source, match.end())
        template = text_of(call[1], constants) if len(call) > 1 else None
        if template:
            yield CHECKS[match.group(1)], template.replace("%s", "{}")


def templates_of(jar, calm=False):
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if not name.endswith((".java", ".scala")):
                continue
            source = archive.read(name).decode("utf-8", "replace")
            owner = pathlib.PurePosixPath(name).stem
            constants = constants_of(source)
            if calm:
                places = [logged(source, owner, constants, CALM_CALL)]
            else:
                places = [logged(source, owner, constants), thrown(source, constants), checked(source, constants)]
            for found in places:
                for who, template in found:
                    line = tidy(template)
                    if line:
                        yield who, line


def source_jar(coordinate, repository):
    group, artifact, version = coordinate.split(":")
    path = repository / group.replace(".", "/") / artifact / version / f"{artifact}-{version}-sources.jar"
    if not path.exists():
        command = ["mvn", "-q", "-B", "dependency:get", f"-Dartifact={coordinate}:jar:sources", "-Dtransitive=false",
                   f"-Dmaven.repo.local={repository}"]
        subprocess.run(command, check=False)
    return path if path.exists() else None


def family(coordinate):
    """One file for each product, so that a change of one does not touch the others."""
    group, artifact, _ = coordinate.split(":")
    if group == "org.apache.flink":
        known = ("connector", "cdc", "table", "sql")
        kind = next((kind for kind in known if kind in artifact), "core")
        return {"connector": "flink-connectors", "cdc": "flink-cdc", "table": "flink-table", "sql": "flink-table"}.get(kind, "flink-core")
    return group.split(".")[-1] if group.startswith("org.apache") else artifact.split("-")[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repository", type=pathlib.Path, default=pathlib.Path.home() / ".m2" / "repository")
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent / "templates")
    parser.add_argument("--calm", type=pathlib.Path)
    options = parser.parse_args()
    lines = (HERE / "versions.txt").read_text().splitlines()
    coordinates = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    found, seen = {}, set()
    for coordinate in coordinates:
        jar = source_jar(coordinate, options.repository)
        if jar is None:
            print(f"no sources: {coordinate}", file=sys.stderr)
            continue
        mined = {pair for pair in templates_of(jar, options.calm is not None) if pair not in seen}
        seen |= mined
        found.setdefault(family(coordinate), set()).update(mined)
        print(f"{coordinate}: {len(mined)} new", file=sys.stderr)
    if options.calm:
        lines = sorted(f"{name}\t{owner}\t{template}\n" for name, pairs in found.items() for owner, template in pairs)
        options.calm.write_text("".join(lines))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    for name, pairs in found.items():
        text = "".join(f"{owner}\t{template}\n" for owner, template in sorted(pairs))
        (options.out / f"{name}.tsv").write_text(text)


if __name__ == "__main__":
    main()
