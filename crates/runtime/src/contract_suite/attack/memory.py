import os, signal
for _ in range(8):
    if os.fork() == 0:
        kept = [bytearray(b'x' * 2**20) for _ in range(256)]
        signal.pause()
with open('/dev/shm/kept', 'wb') as file:
    for _ in range(2048):
        file.write(b'x' * 2**20)
