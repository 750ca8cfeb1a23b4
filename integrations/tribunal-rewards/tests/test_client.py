"""The package by itself, against a server of canned answers."""

import asyncio
import http.server
import json
import os
import threading
import unittest

import tribunal_rewards
from tribunal_rewards import client, trainers


class Canned(http.server.BaseHTTPRequestHandler):
    answers: list = []
    asked: list = []
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Canned.asked.append(body)
        status, headers, answer = Canned.answers.pop(0)
        data = json.dumps(answer(body) if callable(answer) else answer).encode()
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Transfer-Encoding" in headers:
            self.end_headers()
            for part in (data[:7], data[7:]):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


def lengths(body):
    return {"results": [{"rewards": [len(str(r)) / 100 for r in rollout["responses"]], "complete": True} for rollout in body["rollouts"]]}


class Tests(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Canned)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        os.environ["TRIBUNAL_URL"] = f"http://127.0.0.1:{self.server.server_port}"
        os.environ.pop("TRIBUNAL_GROUP_SIZE", None)
        Canned.answers, Canned.asked = [(200, {}, lengths)] * 8, []

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def test_completions_of_one_prompt_go_together_and_come_back_in_order(self):
        rewards = tribunal_rewards.trl_reward(["P", "Q", "P"], ["a", "bb", "ccc"], score=[1, 2, 3])
        self.assertEqual(rewards, [0.01, 0.02, 0.03])
        self.assertEqual([r["responses"] for r in Canned.asked[0]["rollouts"]], [["a", "ccc"], ["bb"]])
        self.assertNotIn("group", Canned.asked[0]["rollouts"][0])

    def test_the_asynchronous_form_is_the_same_and_reads_chunks(self):
        Canned.answers = [(200, {"Transfer-Encoding": "chunked"}, lengths)]
        self.assertEqual(asyncio.run(tribunal_rewards.trl_reward_async(["P"], ["abc"])), [0.03])

    def test_busy_and_broken_servers_are_asked_again_when_they_say(self):
        for ask in (lambda: tribunal_rewards.trl_reward(["P"], ["a"]), lambda: asyncio.run(tribunal_rewards.trl_reward_async(["P"], ["a"]))):
            Canned.answers = [(429, {"Retry-After": "0"}, {}), (503, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, {}), (0, {}, {}), (200, {}, lengths)]
            self.assertEqual(ask(), [0.01])

    def test_a_refusal_is_no_reward_of_zero(self):
        Canned.answers = [(400, {}, {"detail": "no"})]
        with self.assertRaises(tribunal_rewards.TribunalError):
            tribunal_rewards.trl_reward(["P"], ["a"])
        self.assertEqual(len(Canned.asked), 1)

    def test_time_runs_out(self):
        Canned.answers = [(503, {"Retry-After": "60"}, {})]
        with self.assertRaises(tribunal_rewards.TribunalError):
            tribunal_rewards.Client(client.Settings(timeout=1)).rewards([tribunal_rewards.Group("P", ["a"])])

    def test_none_stays_none(self):
        Canned.answers = [(200, {}, {"results": [{"rewards": None, "complete": True, "reason": "odd"}, {"rewards": [0.5], "complete": True}]})] * 2
        self.assertEqual(tribunal_rewards.trl_reward(["P", "Q"], ["a", "b"]), [None, 0.5])
        scores = tribunal_rewards.verl_scores(["s", "s"], ["a", "b"], [None, None], [{"prompt": "P"}, {"question": "Q"}])
        self.assertEqual([score["tribunal_scored"] for score in scores], [0.0, 1.0])
        self.assertEqual(len({tuple(score) for score in scores}), 1)

    def test_ranks_of_one_run_name_the_same_group(self):
        os.environ["TRIBUNAL_GROUP_SIZE"] = "4"
        state = type("State", (), {"global_step": 7})()
        for _ in range(2):
            tribunal_rewards.trl_reward(["P", "P"], ["a", "b"], trainer_state=state)
        first, second = (asked["rollouts"][0]["group"] for asked in Canned.asked)
        self.assertEqual(first, second)
        self.assertEqual(first["size"], 4)
        state.global_step = 8
        tribunal_rewards.trl_reward(["P", "P"], ["a", "b"], trainer_state=state)
        self.assertNotEqual(first, Canned.asked[2]["rollouts"][0]["group"])

    def test_parts_tool_turns_and_none_are_read(self):
        turns = [{"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}, {"role": "tool", "content": [{"type": "text", "text": "42"}]}]
        tribunal_rewards.trl_reward([[{"role": "user", "content": [{"type": "text", "text": "P"}]}]] * 3, [turns, [{"role": "assistant", "content": "x"}], None])
        rollout = Canned.asked[0]["rollouts"][0]
        self.assertEqual(rollout["prompt"], [{"role": "user", "content": "P"}])
        self.assertEqual(rollout["responses"][0][0]["content"], "")
        self.assertEqual(rollout["responses"][0][1]["content"], "42")
        self.assertEqual(rollout["responses"][1:], ["x", ""])

    def test_verl_per_sample_and_numpys_values(self):
        class Array:
            def __init__(self, items):
                self.items = items

            def tolist(self):
                return self.items

        info = {"prompt": Array([{"role": "user", "content": "P"}]), "group": "g", "group_size": Array(2), "num_turns": Array(1)}
        info["group_size"] = 2
        score = asyncio.run(tribunal_rewards.compute_score("s", "abc", "truth", info))
        self.assertEqual(score["score"], 0.03)
        self.assertEqual(Canned.asked[0]["rollouts"][0]["group"], {"id": "g", "size": 2})
        self.assertEqual(asyncio.run(tribunal_rewards.compute_score("s", "abc", None, {})), {"score": 0.5, "tribunal_scored": 0.0, "tribunal_complete": 1.0})
        self.assertEqual(trainers.plain(Array([Array(1), (2,)])), [1, [2]])

    def test_areal(self):
        self.assertEqual(tribunal_rewards.areal_reward("P", "abcd", [1], [2], answer="r"), 0.04)
        self.assertEqual(Canned.asked[0]["rollouts"][0]["group"], {})


if __name__ == "__main__":
    unittest.main()
