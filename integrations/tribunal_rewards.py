"""Rewards from `tribunal serve` for TRL and verl. Standard library only; one file to copy.

TRL:  GRPOTrainer(reward_funcs=tribunal_rewards.trl_reward, ...)
      -> list[float | None]; None where a completion has no reward, which TRL leaves out. Never 0 for it.
verl: reward_model.reward_manager=batch
      custom_reward_function.path=integrations/tribunal_rewards.py custom_reward_function.name=verl_scores
      The dataset's extra_info must hold the prompt ("prompt" or "question").

Completions to one prompt go in one request, so that pair judges and group-relative votes see the whole group.

Environment: TRIBUNAL_URL (default http://127.0.0.1:8080), TRIBUNAL_API_KEY, TRIBUNAL_TIMEOUT (seconds for a batch, default 600).
"""

import json
import os
import time
import urllib.error
import urllib.request


class TribunalError(RuntimeError):
    """The server can't be reached in time, or refuses the request; nothing is known of any reward."""


def rewards(groups):
    """Asks for many groups at once.

    groups: list of {"prompt": str | [{"role", "content"}], "responses": [str], "reference": str?}.
    Returns for each a list of (reward in [0, 1] or None, complete: bool), one per response.
    Raises TribunalError.
    """
    if not groups:
        return []
    deadline = time.monotonic() + float(os.environ.get("TRIBUNAL_TIMEOUT", "600"))
    answers = []
    for start in range(0, len(groups), 256):
        answers += _post({"rollouts": groups[start : start + 256]}, deadline)["results"]
    return [
        [(None if answer["rewards"] is None else answer["rewards"][i], answer["complete"]) for i in range(len(group["responses"]))]
        for group, answer in zip(groups, answers)
    ]


def trl_reward(prompts, completions, reference=None, **columns):
    """TRL's reward function: a float per completion, or None where there is no reward."""
    references = [None if one is None else str(one) for one in (reference if reference is not None else [None] * len(prompts))]
    return [reward for reward, _ in _grouped(prompts, [_text(completion) for completion in completions], references)]


def verl_scores(data_sources, solution_strs, ground_truths, extra_infos, **_):
    """verl's batched compute_score: a dict per sample, always with the same keys.

    verl has no word for "no reward": such a sample gets its group's mean (0.5 where the whole group has none), so that it
    moves nothing in a group-relative advantage, and tribunal_scored says 0.
    """
    prompts = [_prompt(info) for info in extra_infos]
    answers = _grouped(prompts, list(solution_strs), [truth if isinstance(truth, str) else None for truth in ground_truths])
    known = {}
    for prompt, (reward, _complete) in zip(prompts, answers):
        if reward is not None:
            known.setdefault(_key(prompt), []).append(reward)
    means = {prompt: sum(values) / len(values) for prompt, values in known.items()}
    return [
        {
            "score": means.get(_key(prompt), 0.5) if reward is None else reward,
            "tribunal_scored": int(reward is not None),
            "tribunal_complete": int(complete),
        }
        for prompt, (reward, complete) in zip(prompts, answers)
    ]


def _grouped(prompts, responses, references):
    groups, places = {}, []
    for prompt, response, reference in zip(prompts, responses, references):
        group = groups.setdefault((_key(prompt), reference), {"prompt": prompt, "responses": [], **({"reference": reference} if reference else {})})
        places.append(((_key(prompt), reference), len(group["responses"])))
        group["responses"].append(response)
    answers = dict(zip(groups, rewards(list(groups.values()))))
    return [answers[group][index] for group, index in places]


def _key(prompt):
    return json.dumps(prompt, sort_keys=True)


def _text(completion):
    if isinstance(completion, str):
        return completion
    # Vision-language models' turns hold lists of parts; turns that only call tools hold nothing.
    contents = [turn.get("content") or "" for turn in completion]
    return "".join(content if isinstance(content, str) else "".join(_part(part) for part in content) for content in contents)


def _part(part):
    return part if isinstance(part, str) else part.get("text") or ""


def _prompt(info):
    prompt = (info or {}).get("prompt", (info or {}).get("question"))
    if prompt is None:
        raise ValueError('extra_info holds no "prompt" and no "question"; without the prompt nothing can be judged')
    return prompt


def _post(body, deadline):
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if os.environ.get("TRIBUNAL_API_KEY"):
        headers["Authorization"] = "Bearer " + os.environ["TRIBUNAL_API_KEY"]
    url = os.environ.get("TRIBUNAL_URL", "http://127.0.0.1:8080").rstrip("/") + "/v1/rewards"
    pause = 1.0
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TribunalError(f"{url} gave no answer in time")
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=left) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 502, 503, 504):
                raise TribunalError(f"{url}: {error.code}: {error.read(2000).decode(errors='replace')}") from error
            pause = float(error.headers.get("Retry-After") or pause)
        except OSError as error:
            if deadline - time.monotonic() <= pause:
                raise TribunalError(f"{url}: {error}") from error
        # What was judged meanwhile is remembered: asking again costs nothing twice.
        time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
        pause = min(pause * 2, 30.0)
