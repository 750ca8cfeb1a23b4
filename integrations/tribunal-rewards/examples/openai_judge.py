"""Whatever asks an OpenAI endpoint for a verdict (ROLL's llm_judge, verifiers, RULER): one request, the vote of several judgements."""

import json
import os
import urllib.request

url = os.environ.get("TRIBUNAL_URL", "http://127.0.0.1:8080").rstrip("/") + "/v1/chat/completions"
question = "Rate the answer from 0 to 10.\nQuestion: What moves the tides?\nAnswer: The moon.\nNote output your score in the following format: Score: your score."
body = {"model": "tribunal", "messages": [{"role": "user", "content": question}]}
headers = {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ.get("TRIBUNAL_API_KEY", "none")}
answer = json.load(urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)))
print(answer["choices"][0]["message"]["content"])
print(answer["tribunal"])
