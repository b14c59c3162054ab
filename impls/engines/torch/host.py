"""The child process of the torch engine: one device, its prepared cases, their clock.

Speaks JSON lines on stdin and stdout; a line with a positive `bytes` is followed by so many raw bytes. Every request has a
`call` and gets one reply, `{"ok": true, "value": ...}` or `{"ok": false, "error": "one sentence"}`. README.md lists the calls.
"""
import json
import os
import queue
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


class Channel:
    """stdin and stdout as a protocol. Whatever a library prints goes to stderr instead."""

    def __init__(self):
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._in = os.fdopen(os.dup(0), "rb")
        # whoever asks for input here gets the end of a file, not the protocol
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        self._requests = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        stdin = self._in
        while True:
            line = stdin.readline()
            if not line:
                # the parent is gone or has closed: a kernel that is still at work must not keep this process
                os._exit(0)
            request = json.loads(line)
            self._requests.put((request, stdin.read(request.get("bytes", 0))))

    def receive(self):
        return self._requests.get()

    def send(self, message, data=b""):
        line = json.dumps({**message, "bytes": len(data)})
        self._out.write(line.encode() + b"\n" + data)
        self._out.flush()


def die_with_parent():
    """Linux kills this process with the thread that started it; elsewhere the end of stdin has to do."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes
    import signal

    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def one_line(error):
    """An exception as one sentence: its class says what its text often does not."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def live_with_parent():
    """Ends this process with its parent, and at once if that is gone already."""
    parent = os.getppid()
    die_with_parent()
    if os.getppid() != parent:
        os._exit(0)


def main():
    live_with_parent()
    channel = Channel()
    try:
        import torch  # noqa: F401
    except Exception as error:
        version = ".".join(map(str, sys.version_info[:3]))
        channel.send({"ok": False, "absent": True, "error": one_line(error), "python": version})
        return
    import sessions

    serve(channel, sessions.Session())


def serve(channel, session):
    """Answers requests until the parent is gone."""
    import sessions

    while True:
        request, data = channel.receive()
        try:
            value, reply = session.answer(request, data)
            channel.send({"ok": True, "value": value}, reply)
        except sessions.DeviceAbsent as error:
            channel.send({"ok": False, "absent": True, "error": str(error)})
        except Exception as error:
            session.forget_failure()
            # a program's own class of that name: what it does not take is a skip, no failure
            name = type(error).__name__
            unsupported = name == "Unsupported"
            said = str(error) if unsupported or name == "KernelError" else one_line(error)
            channel.send({"ok": False, "unsupported": unsupported, "error": said})


if __name__ == "__main__":
    main()
