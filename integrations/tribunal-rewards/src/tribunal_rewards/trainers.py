"""The trainers' own signatures."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from typing import Any

from .client import AsyncClient, Client, Group, Reward, plain


def trl_reward(prompts: Sequence[Any], completions: Sequence[Any], reference: Sequence[Any] | None = None, trainer_state: Any = None, rubric: Sequence[Any] | None = None, **columns: Any) -> list[float | None]:
    """TRL's reward function: a float per completion, None where there is no reward. The columns "reference" and "rubric" go to the judge.

    Completions may be texts, or turns with content parts and tool calls. Where TRIBUNAL_GROUP_SIZE says `num_generations`, the parts of a group that
    TRL deals to several processes are judged as one.
    """
    groups, places = _grouped(prompts, completions, reference, trainer_state, rubric)
    return [reward.value for reward in _placed(Client().rewards(groups), places)]


async def trl_reward_async(prompts: Sequence[Any], completions: Sequence[Any], reference: Sequence[Any] | None = None, trainer_state: Any = None, rubric: Sequence[Any] | None = None, **columns: Any) -> list[float | None]:
    """The same, awaited: TRL runs asynchronous reward functions side by side."""
    groups, places = _grouped(prompts, completions, reference, trainer_state, rubric)
    return [reward.value for reward in _placed(await AsyncClient().rewards(groups), places)]


async def compute_score(data_source: str, solution_str: str, ground_truth: Any, extra_info: Any = None, **_: Any) -> dict[str, float]:
    """verl's reward function, called for each sample (`reward_manager=naive`).

    `extra_info` holds the prompt ("prompt" or "question", texts or turns), and where known "rubric", "group" and "group_size"; else samples of one prompt that
    arrive about now are a group (TRIBUNAL_GROUP_SIZE, or the server's --group).
    """
    try:
        rewards = await AsyncClient().rewards([_verl_group(solution_str, ground_truth, extra_info)])
    except ValueError as error:
        return _verl(Reward(None, True, str(error)), _null())
    return _verl(rewards[0][0], _null())


def verl_scores(data_sources: Any, solution_strs: Any, ground_truths: Any, extra_infos: Any, **_: Any) -> list[dict[str, float]]:
    """verl's reward function for `reward_manager=batch`. A sample without a reward gets its group's mean, which moves nothing in the advantage."""
    prompts = [_prompt(info) for info in extra_infos]
    references = [str(truth) if isinstance(truth, str) else None for truth in ground_truths]
    groups, places = _grouped(prompts, list(solution_strs), references, None, [(info or {}).get("rubric") for info in extra_infos])
    known: dict[int, list[float]] = {}
    rewards = _placed(Client().rewards(groups), places)
    for (group, _i), reward in zip(places, rewards):
        if reward.value is not None:
            known.setdefault(group, []).append(reward.value)
    means = {group: sum(values) / len(values) for group, values in known.items()}
    return [_verl(reward, means.get(group, _null())) for (group, _i), reward in zip(places, rewards)]


def areal_reward(prompt: Any, completions: Any, prompt_ids: Any = None, completion_ids: Any = None, **data: Any) -> float:
    """AReaL's reward function, called for each sample. Where the data hold the turns ("messages"), they are the prompt."""
    turns = data.get("messages")
    reference = data.get("answer", data.get("reference"))
    group = Group(prompt if turns is None else turns, [completions], reference if isinstance(reference, str) else None, size=_size(), gather=True, rubric=data.get("rubric"))
    value = Client().rewards([group])[0][0].value
    return _null() if value is None else value


def _verl_group(solution: str, truth: Any, info: Any) -> Group:
    info = info or {}
    size = info.get("group_size")
    name = info.get("group")
    reference = str(truth) if isinstance(truth, str) and truth else None
    return Group(_prompt(info), [solution], reference, None if name is None else str(name), int(size) if size is not None else _size(), gather=True, rubric=info.get("rubric"))


def _verl(reward: Reward, null: float) -> dict[str, float]:
    # Every sample has the same keys: verl stacks them.
    return {"score": null if reward.value is None else reward.value, "tribunal_scored": float(reward.value is not None), "tribunal_complete": float(reward.complete)}


def _prompt(info: Any) -> Any:
    prompt = (info or {}).get("prompt", (info or {}).get("question"))
    if prompt is None:
        raise ValueError('extra_info holds no "prompt" and no "question"; without the prompt nothing can be judged')
    return plain(prompt)


def _grouped(prompts: Sequence[Any], completions: Sequence[Any], references: Sequence[Any] | None, state: Any, rubrics: Sequence[Any] | None = None) -> tuple[list[Group], list[tuple[int, int]]]:
    size = _size()
    step = getattr(state, "global_step", None)
    groups: dict[tuple[Any, ...], tuple[int, Group]] = {}
    places = []
    for i, (prompt, completion) in enumerate(zip(prompts, completions)):
        prompt = _turns(plain(prompt))
        reference = None if references is None or references[i] is None else str(plain(references[i]))
        rubric = None if rubrics is None or rubrics[i] is None else plain(rubrics[i])
        key: tuple[Any, ...] = (json.dumps(prompt, sort_keys=True), reference)
        if rubric is not None:
            key += (json.dumps(rubric, sort_keys=True),)
        if key not in groups:
            # Without a step there is no name that the other processes would give as well: the part is judged as it is.
            shared = size is not None and step is not None
            name = hashlib.sha256(f"{_run()}\0{step}\0{key}".encode()).hexdigest()[:32] if shared else None
            groups[key] = (len(groups), Group(prompt, [], reference, name, size if shared else None, rubric=rubric))
        at, group = groups[key]
        places.append((at, len(group.responses)))
        group.responses.append(_response(completion))
    return [group for _, group in groups.values()], places


def _placed(rewards: list[list[Reward]], places: list[tuple[int, int]]) -> list[Reward]:
    return [rewards[group][i] for group, i in places]


def _response(completion: Any) -> Any:
    completion = plain(completion)
    if not isinstance(completion, list):
        return "" if completion is None else completion
    turns = _turns(completion)
    return turns[0]["content"] if len(turns) == 1 and not turns[0].get("tool_calls") else turns


def _turns(turns: Any) -> Any:
    """Turns with texts: parts are joined, what holds nothing holds an empty text."""
    if not isinstance(turns, list):
        return turns
    return [{**{name: value for name, value in turn.items() if value is not None}, "content": _text(turn.get("content"))} for turn in turns]


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part if isinstance(part, str) else part.get("text") or "" for part in content)
    return content or ""


def _size() -> int | None:
    return int(os.environ["TRIBUNAL_GROUP_SIZE"]) if os.environ.get("TRIBUNAL_GROUP_SIZE") else None


def _null() -> float:
    return float(os.environ.get("TRIBUNAL_NULL", "0.5"))


def _run() -> str:
    """What the processes of one training have in common, and two trainings don't."""
    names = ("TRIBUNAL_CLIENT", "TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "RAY_JOB_ID")
    address = "{}:{}".format(os.environ.get("MASTER_ADDR", ""), os.environ.get("MASTER_PORT", ""))
    return next((f"{name} {os.environ[name]} {address}" for name in names if os.environ.get(name) not in (None, "", "none")), f"{address} {os.getppid()}")
