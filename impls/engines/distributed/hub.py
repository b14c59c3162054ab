"""Starts ranks, hands each call to all of one number of them, and watches: one that dies or gives no answer is named, and all are ended.

Speaks the torch engine's protocol (../torch/host.py). Ranks are forks of this process, which has loaded torch and done nothing with it;
those of one number (`options.ranks` of a case) live on between cases. README.md says what is watched.
"""
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [FOLDER, os.path.join(FOLDER, "..", "torch")]

import host  # noqa: E402
from ranks import Gone, Ranks, Refusal  # noqa: E402

class Hub:
    """Calls of the engine, each to the ranks that it is for."""

    def __init__(self):
        self.device = None
        self.groups = {}
        # by number: the ranks that have it, its number there, and how long they waited of how long they ran
        self.cases = {}
        self.next = 0

    def answer(self, request, data):
        call, body = request["call"], request.get("body") or {}
        own = getattr(self, "call_" + call, None)
        if own:
            return own(request, body, data)
        if "case" in body:
            ranks, number, _ = self.cases[body["case"]]
            values, back = ranks.call({**request, "body": {**body, "case": number}}, data)
            return values[0], back
        values, back = self.ranks(1).call(request, data)
        return values[0], back

    def ranks(self, size):
        if size not in self.groups:
            self.groups[size] = Ranks(size, self.device, self.groups.values())
        return self.groups[size]

    def call_open(self, _request, body, _data):
        self.device = body["device"]
        return self.ranks(1).described, b""

    def call_prepare(self, request, body, data):
        ranks = self.ranks(body["options"]["ranks"])
        ranks.limit_s = body["constants"]["limitS"]
        values, _ = ranks.call(request, data)
        self.next += 1
        self.cases[self.next] = (ranks, values[0]["case"], [0, 0])
        return {**values[0], "case": self.next, "bytes": sum(value["bytes"] for value in values)}, b""

    def call_dispose(self, request, body, data):
        ranks, number, _ = self.cases.pop(body["case"])
        ranks.call({**request, "body": {"case": number}}, data)
        return None, b""

    def call_once(self, request, body, data):
        for one in body["cases"]:
            ranks, number, _ = self.cases[one]
            ranks.call({**request, "body": {"cases": [number]}}, data)
        return None, b""

    def call_time(self, request, body, data):
        """From the first rank's start to the last one's end, run by run."""
        host_ns, device_ns = 0.0, 0.0
        for one in body["cases"]:
            ranks, number, shares = self.cases[one]
            values, _ = ranks.call({**request, "body": {**body, "cases": [number]}}, data)
            runs = list(zip(*(value["spans"] for value in values)))
            host_ns += sum(max(end for _, end in run) - min(start for start, _ in run) for run in runs) / len(runs)
            clocks = list(zip(*(value["deviceNs"] for value in values)))
            device_ns += sum(max(run) for run in clocks) / len(runs) if clocks[0][0] is not None else 0
            if values[0]["quietNs"]:
                with_calls = sum(max(run) for run in clocks) / len(runs)
                shares[0] += with_calls - max(value["quietNs"][0] for value in values)
                shares[1] += with_calls
            else:
                shares[0] += sum(value["waitedNs"] for value in values)
                shares[1] += sum(end - start for run in runs for start, end in run)
        return {"hostNs": host_ns, **({"deviceNs": device_ns} if device_ns else {}), "told": {}}, b""

    def call_traffic(self, request, body, data):
        """Calls and bytes of one run by operation, and the share of their time that ranks spent in calls: null before a run was timed."""
        ranks, number, (waited, ran) = self.cases[body["case"]]
        values, _ = ranks.call({**request, "body": {"case": number}}, data)
        sent = {}
        for value in values:
            for name, (calls, size) in value.items():
                # all take part in one sum; a message is its sender's
                known = sent.get(name, (0, 0))
                sent[name] = (calls, size) if name == "all_reduce" else (known[0] + calls, known[1] + size)
        return {"sent": sent, "waited": max(0, waited) / ran if ran else None}, b""


def main():
    host.live_with_parent()
    channel = host.Channel()
    try:
        import torch.distributed as dist
    except Exception as error:
        channel.send({"ok": False, "absent": True, "error": host.one_line(error)})
        return
    if not dist.is_available():
        channel.send({"ok": False, "absent": True, "error": "this torch is built without torch.distributed"})
        return
    hub = Hub()
    while True:
        request, data = channel.receive()
        try:
            value, back = hub.answer(request, data)
            channel.send({"ok": True, "value": value}, back)
        except Refusal as refusal:
            channel.send(refusal.reply)
        except Gone as gone:
            channel.send({"ok": False, "gone": True, "error": str(gone)})
            for ranks in hub.groups.values():
                ranks.end()
            return


main()
