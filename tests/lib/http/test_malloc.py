"""What the tuned allocator keeps, and what it gives back."""

import subprocess
import sys

import pytest

# Eight threads, one after the other: what each took must be gone when the next one begins.
HASHES = """
import threading
from argon2 import PasswordHasher, Type
from strata.lib.http.malloc import tune_malloc

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))

assert tune_malloc()
hasher = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1, type=Type.ID)
before = resident()
for _ in range(8):
    thread = threading.Thread(target=hasher.hash, args=("x",))
    thread.start()
    thread.join()
    kept = bytearray(1 << 16)
print(resident() - before)
"""


@pytest.mark.slow  # a process of its own: the settings are for a whole process
def test_the_memory_of_a_password_hash_goes_straight_back() -> None:
    ran = subprocess.run([sys.executable, "-c", HASHES], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 20  # MiB; one hash takes 46
