"""Rewards from `tribunal serve` for RL trainers. Standard library only; see the README beside the package."""

from .client import AsyncClient, Client, Group, Reward, Settings, TribunalError
from .trainers import areal_reward, compute_score, trl_reward, trl_reward_async, verl_scores

__all__ = [
    "AsyncClient", "Client", "Group", "Reward", "Settings", "TribunalError",
    "areal_reward", "compute_score", "trl_reward", "trl_reward_async", "verl_scores",
]
