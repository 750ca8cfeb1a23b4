# These three bring a client of their own: an address is all they need.
# OpenRLHF:  --reward.remote_url http://HOST:8080/get_reward
# slime:     --rm-type remote_rm --rm-url http://HOST:8080/slime
# ROLL:      reward_system_config: {submit_url: http://HOST:8080/roll/submit_task, get_result_url: http://HOST:8080/roll/task_result}
URL=${TRIBUNAL_URL:-http://127.0.0.1:8080}
curl -s "$URL/get_reward" -d '{"query":["What moves the tides? The moon."],"prompts":["What moves the tides?"],"labels":[""]}'; echo
curl -s "$URL/slime" -d '{"prompt":"What moves the tides?","response":"The moon.","label":""}'; echo
curl -s "$URL/roll/submit_task" -d '{"prompt":"What moves the tides?","response":"The moon.","data_id":"1","rollout_id":"1","reward_info":{}}'; echo
