"""`analyst-buddy data build --feedback DIR`: what people said of answers becomes questions with gold SQL, in Spider's layout.

An answer called right gives its own SQL, one called wrong the SQL that somebody put in its place; of several words on one question the last
holds. The SQL has to run and find something, and the databases are copied, so that `train --spider OUT` and `evaluate` can use the result.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from envs.sandbox import Database, QueryError, Trust
from envs.whole_files import written_aside
from serving.feedback import read_feedback

QUESTIONS = "train_feedback.json"


def build_from_feedback(folder: Path, out: Path) -> dict[str, Any]:
    """Write OUT and say what came of it: {"directory", "questions", "databases", "left_out": {reason: count}}.

    Args:
        folder: the feedback folder of a server's state.

    Raises:
        FileNotFoundError: there is no feedback.
        ValueError: none of it gives a question.
        FileExistsError: OUT is there.
    """
    if out.exists():
        raise FileExistsError(f"{out} is there already: name a new directory with --out")
    left_out: Counter[str] = Counter()
    golds: dict[tuple[str, str], str] = {}
    for row in read_feedback(folder):
        question, sql = row["question"], row["sql"] if row["verdict"] == "right" else row["corrected_sql"]
        if not question:
            left_out["SQL without a question"] += 1
        elif not sql:
            left_out["wrong, without what would have been right" if row["verdict"] == "wrong" else "right, without SQL"] += 1
        else:
            key = (str(row["database_file"]), str(question))
            left_out["said again later"] += key in golds
            golds[key] = str(sql)
    questions = []
    state = folder.resolve().parent
    with written_aside(out) as aside:
        for name in sorted({name for name, _ in golds}):
            asked = {question: sql for (of, question), sql in golds.items() if of == name}
            source = (state / name).resolve()
            if not source.is_relative_to(state) or not source.is_file():
                left_out["the database is deleted"] += len(asked)
                continue
            good = _that_run(source, asked, left_out)
            db_id = _db_id(name)
            if good:
                target = aside / "database" / db_id / f"{db_id}.sqlite"
                target.parent.mkdir(parents=True)
                shutil.copy2(source, target)
            questions += [{"db_id": db_id, "question": question, "query": sql} for question, sql in good.items()]
        if not questions:
            raise ValueError(f"the feedback in {folder} gives no question: {_told(left_out) or 'it is empty'}")
        (aside / QUESTIONS).write_text(json.dumps(questions, indent=1, ensure_ascii=False) + "\n", "utf-8")
    databases = len({question["db_id"] for question in questions})
    return {"directory": str(out), "questions": len(questions), "databases": databases, "left_out": dict(+left_out)}


def said(found: dict[str, Any]) -> str:
    """What came of it, for a person."""
    left = _told(Counter(found["left_out"]))
    text = f"{found['questions']} questions over {found['databases']} databases in {found['directory']}"
    return f"{text}; left out: {left}" if left else text


def _that_run(source: Path, asked: dict[str, str], left_out: Counter[str]) -> dict[str, str]:
    database = Database.open(source, trust=Trust.UNTRUSTED)
    try:
        good = {}
        for question, sql in asked.items():
            try:
                result = database.query(sql)
            except QueryError:
                left_out["the SQL does not run"] += 1
                continue
            if not result.rows or not result.tables_read:
                left_out["the SQL finds nothing"] += 1
            else:
                good[question] = sql
        return good
    finally:
        database.close()


def _db_id(name: str) -> str:
    """`databases/<owner>/<name>/data-1a2b.sqlite` is <name>_5e6f7a: two owners may use one name."""
    parts = Path(name).parts
    if parts[0] == "samples":
        return Path(name).stem
    return f"{parts[-2].replace('-', '_')}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _told(left_out: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in left_out.most_common() if count)
