"""The smallest training loop: a bandit over canned responses learns the judge's taste by policy gradient. Prints the mean reward of each step."""

import math
import random

from tribunal_rewards import Client, Group

PROMPTS, ARMS, SAMPLES, STEPS = 8, 5, 8, 30
random.seed(1)
logits = [[0.0] * ARMS for _ in range(PROMPTS)]
for step in range(STEPS):
    groups, drawn, policies = [], [], []
    for prompt, row in enumerate(logits):
        weights = [math.exp(value) for value in row]
        policies.append([weight / sum(weights) for weight in weights])
        drawn.append(random.choices(range(ARMS), weights, k=SAMPLES))
        texts = [f"Answer {arm} to question {prompt}, of {prompt * 7 + arm * 3} kinds." for arm in drawn[-1]]
        groups.append(Group(f"Question {prompt}", texts, id=f"bandit, step {step}, question {prompt}", size=SAMPLES))
    rewards = [[reward.value for reward in group] for group in Client().rewards(groups)]
    for row, arms, group, policy in zip(logits, drawn, rewards, policies):
        known = [value for value in group if value is not None]
        for arm, value in zip(arms, group):
            advantage = 0.0 if value is None else value - sum(known) / len(known)
            for other in range(ARMS):
                row[other] += 1.5 / SAMPLES * 4 * advantage * ((other == arm) - policy[other])
    known = [value for group in rewards for value in group if value is not None]
    print(f"{step} {sum(known) / len(known):.4f}", flush=True)
