"""A Buffer on its way through distributed: what is put on the wire, and a cluster of two processes."""

import os

import bufproto
from distributed import Client, LocalCluster
from distributed.protocol import deserialize, serialize

SIZE = 10 << 20


def address(exporter):
    import ctypes

    view = (ctypes.c_void_p * 32)()
    get = ctypes.pythonapi.PyObject_GetBuffer
    get.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
    get(exporter, view, 0)
    found = view[0]
    ctypes.pythonapi.PyBuffer_Release(view)
    return found


def changed(buffer):
    """Runs in a worker: what arrived, where, and the same Buffer, which has grown."""
    kind, exports = type(buffer).__name__, buffer.exports
    buffer[0] = 255
    buffer.append(7)
    return kind, exports, os.getpid(), buffer


def on_the_wire():
    ours = bufproto.Buffer(SIZE)
    header, frames = serialize(ours)
    assert sum(memoryview(frame).nbytes for frame in frames) < SIZE + 1000
    # The frame is our memory, and the Buffer that is made of a frame has the frame's memory.
    assert [address(frame) for frame in frames].count(address(ours)) == 1
    received = [bytearray(frame) for frame in frames]
    made = deserialize(header, received)
    assert type(made) is bufproto.Buffer and made == ours
    assert [address(frame) for frame in received].count(address(made)) == 1


def through_a_cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        with Client(cluster) as client:
            ours = bufproto.Buffer(bytes(range(256)) * (SIZE // 256))
            one, two = client.scheduler_info()["workers"]
            there = client.scatter(ours, workers=[one])
            # From the first worker to the second, and from there to this process.
            kind, exports, process, made = client.submit(changed, there, workers=[two]).result(timeout=60)
            assert kind == "Buffer" and exports == 0, (kind, exports)
            assert process != os.getpid()
            assert type(made) is bufproto.Buffer
            assert made.tobytes() == b"\xff" + ours.tobytes()[1:] + b"\x07"
            made.append(0)


if __name__ == "__main__":
    on_the_wire()
    through_a_cluster()
    print("moved")
