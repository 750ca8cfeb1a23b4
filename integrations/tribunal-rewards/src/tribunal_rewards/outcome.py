"""Outcome rewards for training a judge on `tribunal export training --form rlvr`: +1 for the right verdict, -1 for all else.

verl: custom_reward_function.path=integrations/tribunal-rewards/src/tribunal_rewards/outcome.py (name compute_score).
TRL:  GRPOTrainer(reward_funcs=tribunal_rewards.outcome.trl_reward), on the same file; the columns reach it by their names.

Standard library only. Nothing is given for format: a verdict that is missing, contradictory or cut off earns -1
(SPCT, arXiv 2504.02495; RM-R1, arXiv 2505.02387; RRM, arXiv 2505.14674).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_RM_R1 = re.compile(r"<answer>\s*\[\[([AB])\]\]\s*</answer>")
_BOX = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_TEXT = re.compile(r"\\+text\s*\{([^{}]*)\}")
_SCORES = re.compile(r"^[ \t*_#]*Scores[ \t*_]*:", re.MULTILINE | re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LOWEST, _HIGHEST = 1.0, 10.0


def compute_score(data_source: str, solution_str: str | None, ground_truth: str, extra_info: Any = None, **_: Any) -> float:
    """1.0 when the verdict in solution_str is ground_truth, else -1.0. Raises ValueError for data of another origin."""
    answer = (solution_str or "").rsplit("</think>", 1)[-1]
    if "<think>" in answer:
        return -1.0
    if data_source == "tribunal/rm-r1":
        right = _rm_r1(answer) == ground_truth
    elif data_source == "tribunal/rrm":
        right = "</think>" in (solution_str or "") and _rrm(answer) == ground_truth
    elif data_source == "tribunal/grm":
        right = _grm(answer, ground_truth, len((extra_info or {}).get("order") or []))
    else:
        raise ValueError(f"{data_source!r} is no data source of tribunal's")
    return 1.0 if right else -1.0


def trl_reward(
    prompts: Sequence[Any], completions: Sequence[Any], data_source: Sequence[str], reward_model: Sequence[Any], extra_info: Sequence[Any], **_: Any
) -> list[float]:
    """A reward per completion, conversational or plain."""
    return [
        compute_score(source, text if isinstance(text, str) else text[-1].get("content"), model["ground_truth"], extra)
        for text, source, model, extra in zip(completions, data_source, reward_model, extra_info)
    ]


def _rm_r1(answer: str) -> str | None:
    if "[[A]]" in answer and "[[B]]" in answer:
        return None
    found = _RM_R1.findall(answer.rstrip()[-80:])
    return found[-1] if found else None


def _rrm(answer: str) -> str | None:
    boxes = _BOX.findall(answer)
    if not boxes:
        return None
    name = _TEXT.sub(r"\1", boxes[-1]).strip()
    return name.replace("Solution", "Assistant") if re.fullmatch(r"(?:Assistant|Solution) [12]", name) else None


def _grm(answer: str, ground_truth: str, shown: int) -> bool:
    labels = list(_SCORES.finditer(answer))
    boxes = _BOX.findall(answer[labels[-1].end():] if labels else answer)
    if len(boxes) != 1:
        return False
    parts = [part.strip() for part in _TEXT.sub(r"\1", boxes[0]).split(",")]
    if not all(_NUMBER.fullmatch(part) for part in parts):
        return False
    scores = [float(part) for part in parts]
    if len(scores) != shown or not all(_LOWEST <= score <= _HIGHEST for score in scores):
        return False
    if shown == 1:
        return scores[0] == (_HIGHEST if ground_truth == "1" else _LOWEST)
    best = {int(number) - 1 for number in ground_truth.split(",")}
    top = max(scores[i] for i in best)
    return all(i in best or score < top for i, score in enumerate(scores))
