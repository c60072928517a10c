import _thread
_thread.stack_size(65536)
never = _thread.allocate_lock()
never.acquire()
count = 0
try:
    while count < 20000:
        _thread.start_new_thread(never.acquire, ())
        count += 1
    raise AssertionError('nothing bounds the number of its processes')
except RuntimeError as error:
    assert 'thread' in str(error), error
assert 100 < count < 5000, count
import os
os._exit(0)
