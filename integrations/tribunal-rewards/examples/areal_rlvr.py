"""AReaL: RLVRWorkflow(reward_fn=areal_reward, ...). By hand it scores a sample as the workflow does."""

from tribunal_rewards import areal_reward

if __name__ == "__main__":
    print(areal_reward("What moves the tides?", "The moon.", [1], [2], answer="The moon's gravity."))
