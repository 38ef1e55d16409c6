"""Records what rego-cpp decides about the policies of the corpus.

    python -m venv v0 && v0/bin/pip install regopy==0.4.6   # reads Rego v0
    python -m venv v1 && v1/bin/pip install regopy==1.5.2   # reads Rego v1
    v0/bin/python tests/rego/record.py && v1/bin/python tests/rego/record.py

Needs SPACEPORT_CORPUS. Each release writes the policies of its dialect into `decisions.json` and
prints the decisions that it could not make; those are not recorded.
"""

import hashlib
import json
import os
import pathlib

import regopy

HERE = pathlib.Path(__file__).parent
RULES = ["webhook", "slack", "inbox", "pull_request"]


def digest(objects):
    texts = sorted(
        json.dumps(o, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for o in objects
    )
    return f"{len(texts)} {hashlib.sha256(chr(10).join(texts).encode()).hexdigest()[:16]}"


def decide(body, given):
    engine = regopy.Interpreter()
    engine.add_module("policy", body)
    engine.set_input(given)
    answer = json.loads(str(engine.query("x = data.spacelift")))
    package = answer["bindings"]["x"]
    told = {rule: digest(package[rule]) for rule in RULES if package.get(rule)}
    told["sample"] = package.get("sample", False)
    return told


def main():
    root = pathlib.Path(os.environ["SPACEPORT_CORPUS"]) / "rego"
    ours = json.loads((HERE / "inputs.json").read_text())
    path = HERE / "decisions.json"
    decisions = json.loads(path.read_text()) if path.exists() else {}
    v1 = not regopy.__version__.startswith("0.")
    for line in (root / "index.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["type"] != "NOTIFICATION" or entry["syntax"].startswith("v1") != v1:
            continue
        body = (root / entry["file"]).read_text()
        if not entry["has_package"]:
            body = "package spacelift\n" + body
        name = pathlib.Path(entry["file"]).stem
        inputs = {pathlib.Path(p).name: json.loads((root / p).read_text()) for p in entry["inputs"]}
        made = {}
        for key, given in {**inputs, **ours}.items():
            try:
                made[key] = decide(body, given)
            except Exception as error:
                print(name, key, "is not recorded:", " ".join(str(error).split())[:200])
        decisions[name] = made
    lines = [f"{json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in sorted(decisions.items())]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()
