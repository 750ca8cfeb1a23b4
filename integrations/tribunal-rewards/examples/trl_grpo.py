"""TRL's GRPO with rewards from `tribunal serve --judge simulated`. With TRL installed it trains; without, it shows the rewards."""

import tribunal_rewards

prompts = ["What moves the tides?"] * 4
completions = ["The moon.", "The moon's gravity, and the sun's.", "Wind.", ""]
print("rewards:", tribunal_rewards.trl_reward(prompts, completions))

try:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer
except ImportError:
    raise SystemExit("TRL is not installed: that was its reward function")

GRPOTrainer(
    model="Qwen/Qwen2.5-0.5B-Instruct",
    reward_funcs=tribunal_rewards.trl_reward,
    args=GRPOConfig(output_dir="out", num_generations=4),
    train_dataset=Dataset.from_list([{"prompt": prompts[0]}] * 64),
).train()
