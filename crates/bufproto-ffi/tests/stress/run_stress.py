"""Threads that acquire, release, resize and free the same objects, by the functions in C and by arguments in Rust. At the end
every count is exact. Runs in Python 3.6 and later, with a lock and without.

    run_stress.py [SECONDS]

Numbers are random; BUFPROTO_STRESS_SEED in the environment repeats those of a run, as far as threads can be repeated.
The last line of the output counts the tests, in JSON.
"""

import array
import os
import random
import sys
import threading
import time
import unittest

import cases
import counted
import hostile

SECONDS = float(sys.argv.pop(1)) if len(sys.argv) > 1 else 2.0
SEED = int(os.environ.get("BUFPROTO_STRESS_SEED") or random.randrange(1 << 32))
THREADS = 4
RUST = cases.in_rust()
LOCKED = getattr(sys, "_is_gil_enabled", lambda: True)()
# Without its lock, an interpreter before 3.14 loses count of a bytearray's exports by itself, and frees under a resize.
RACES = not LOCKED and sys.version_info < (3, 14)


class NoLock(object):
    def __enter__(self):
        pass

    def __exit__(self, *error):
        pass


def use(value, way):
    """Asks in one way, which may be refused while another thread resizes; what else is raised fails the test."""
    if way in RUST:
        try:
            RUST[way](value)
        except (BufferError, TypeError):
            pass
    else:
        hostile.ask(way, [value])


class Together(unittest.TestCase):
    def setUp(self):
        # Lets threads meet more often.
        self.interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)

    def tearDown(self):
        sys.setswitchinterval(self.interval)

    def race(self, step, share=4):
        """Has each thread do the step over and over, with random numbers of its own; raises what one of them raised."""
        end, errors, done = [], [], []
        begin = threading.Barrier(THREADS, lambda: end.append(time.time() + SECONDS / share))

        def run(number):
            numbers = random.Random(SEED + number)
            count = 0
            try:
                begin.wait()
                while not count or (time.time() < end[0] and not errors):
                    for _ in range(20):
                        step(numbers)
                        count += 1
            except BaseException as error:
                errors.append(error)
            done.append(count)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        self.assertTrue(all(done), "a thread did nothing; seed %d" % SEED)

    def ways(self):
        # Whether a thread of its own may be begun is not what this is about, and takes long.
        return list(hostile.WAYS) + [way for way in sorted(RUST) if "thread" not in way]

    def test_every_export_of_a_shared_object_is_given_back(self):
        exporters = [hostile.Hostile(trick) for trick in ("honest", "format_broken", "read_only_when_asked_to_write")]
        exporters.append(hostile.Hostile("calls", lambda: None))
        frozen = b"%d bytes that nobody else has" % id(self)
        ownerless = hostile.Hostile("owner_missing")
        values = exporters + [ownerless, frozen, array.array("i", range(9)), memoryview(frozen)]
        before = [sys.getrefcount(value) for value in values]
        ways = self.ways()
        self.race(lambda numbers: use(numbers.choice(values), numbers.choice(ways)), share=2)
        for exporter in exporters:
            granted, released = exporter.counts()
            self.assertEqual(granted, released, "seed %d" % SEED)
            self.assertGreater(granted, 0)
        del exporter
        self.assertEqual([sys.getrefcount(value) for value in values], before, "seed %d" % SEED)

    def test_a_scope_of_each_thread_holds_its_own(self):
        exporter = hostile.Hostile("honest")
        ways = self.ways()

        def step(numbers):
            depth = numbers.randrange(4)

            def inside():
                nonlocal depth
                if depth > 0:
                    depth -= 1
                    hostile.held(exporter, inside)
                use(exporter, numbers.choice(ways))
                granted, released = exporter.counts()
                # This thread holds one view at least.
                assert granted > released

            hostile.held(exporter, inside)

        self.race(step)
        granted, released = exporter.counts()
        self.assertEqual(granted, released, "seed %d" % SEED)

    def test_what_is_held_is_not_resized_and_what_is_not_can_be(self):
        shared = [bytearray(b"x" * 64) for _ in range(3)]
        locks = [threading.Lock() if RACES else NoLock() for _ in shared]
        ways = [way for way in self.ways() if "write" not in way]

        def inside(value):
            # Held, so it has a length that stays.
            length = len(value)
            for _ in range(10):
                assert len(value) == length

        def step(numbers):
            number = numbers.randrange(len(shared))
            with locks[number]:
                value = shared[number]
                what = numbers.randrange(6)
                try:
                    if what == 0:
                        value.extend(b"more")
                    elif what == 1:
                        del value[:3]
                    elif what == 2:
                        # Frees the other one as soon as nobody holds it.
                        shared[number] = bytearray(b"y" * numbers.randrange(64))
                    elif what == 3:
                        hostile.held(value, lambda: inside(value))
                    else:
                        use(value, numbers.choice(ways))
                except BufferError:
                    # Another thread holds it.
                    pass

        self.race(step)
        for value in shared:
            value.append(0)


if __name__ == "__main__":
    counted.main(Together)
