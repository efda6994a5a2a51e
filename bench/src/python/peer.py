"""One native peer: a request a line on standard input, a reply a line on standard output.

The same protocol as the Node peers (harness/protocol.ts); arrays travel as base64, in both directions.
Timing happens here, by the same rule: samples long enough for the clock, garbage collected before.
"""

import base64
import gc
import json
import os
import resource
import sys
import time

# One thread, as every other peer; must be set before the libraries are imported.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

SAMPLE_SECONDS = 0.00005


class Peer:
    def __init__(self, name):
        self.name = name
        self.run = None

    def load(self):
        try:
            if self.name == "torch":
                import torch_rows as rows
            else:
                import numpy_rows as rows
        except ImportError as error:
            return {"type": "absent", "reason": str(error)}
        self.rows = rows
        return {"type": "loaded", "versions": rows.versions()}

    def prepare(self, request):
        make = self.rows.ROWS.get(request["family"])
        if make is None:
            return {"type": "none", "written": False, "reason": "has nothing for this row"}
        inputs = {name: self.decode(values) for name, values in request["inputs"].items()}
        self.run = make(inputs, request["parameters"])
        start = time.perf_counter_ns()
        result = self.run()
        first_call = time.perf_counter_ns() - start
        for _ in range(1, request["runs"]):
            result = self.run()
        outputs = result if isinstance(result, (list, tuple)) else [result]
        return {
            "type": "prepared",
            "outputs": [self.encode(output) for output in outputs],
            "firstCall": first_call,
        }

    def repeat(self, calls):
        run = self.run
        start = time.perf_counter_ns()
        for _ in range(calls):
            run()
        return time.perf_counter_ns() - start

    def time(self, request):
        gc.collect()
        budget = request["milliseconds"] * 1e6
        elapsed = self.repeat(1)
        samples = [elapsed]
        if elapsed < budget:
            calls = 1
            while elapsed < SAMPLE_SECONDS * 1e9:
                calls *= 2
                elapsed = self.repeat(calls)
            calls = max(1, round(calls * SAMPLE_SECONDS * 1e9 / elapsed))
            if request["warmUp"]:
                self.fill(calls, budget)
            samples = self.fill(calls, budget)
        return {"type": "timed", "samples": self.encode(samples)}

    def fill(self, calls, budget):
        samples = []
        total = 0
        while not samples or total < budget:
            elapsed = self.repeat(calls)
            total += elapsed
            samples.append(elapsed / calls)
        return samples

    def peak(self, request):
        for _ in range(request["runs"]):
            self.run()
        # On Linux the high-water mark of this program's own memory: ru_maxrss counts the parent's before it forked.
        try:
            with open("/proc/self/status") as status:
                kilobytes = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
        except OSError:
            kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"type": "peaked", "bytes": int(kilobytes) * 1024}

    def release(self):
        self.run = None
        return {"type": "released"}

    def decode(self, values):
        import numpy

        flat = numpy.frombuffer(base64.b64decode(values["base64"]), dtype=values["dtype"])
        return self.rows.array(flat.reshape(values["shape"]).copy())

    def encode(self, values):
        import numpy

        return base64.b64encode(numpy.asarray(values, dtype="float64").tobytes()).decode()

    def answer(self, request):
        if request["type"] == "load":
            return self.load()
        if request["type"] == "prepare":
            return self.prepare(request)
        if request["type"] == "time":
            return self.time(request)
        if request["type"] == "peak":
            return self.peak(request)
        return self.release()


def main():
    peer = Peer(sys.argv[1])
    # Libraries that print must not break the protocol.
    replies, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = peer.answer(request)
        except Exception as error:
            reply = {"type": "failed", "reason": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps({"id": request["id"], **reply}), file=replies, flush=True)


main()
