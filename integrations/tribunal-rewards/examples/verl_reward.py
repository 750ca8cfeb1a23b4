"""verl: custom_reward_function.path=verl_reward.py custom_reward_function.name=compute_score

By hand it scores two samples, as verl's reward loop calls it."""

import asyncio

from tribunal_rewards import compute_score


async def main():
    info = {"prompt": [{"role": "user", "content": "What moves the tides?"}], "group": "step 1, prompt 1", "group_size": 2}
    print(await asyncio.gather(*(compute_score("demo", text, "The moon.", info) for text in ("The moon.", "Wind."))))


if __name__ == "__main__":
    asyncio.run(main())
