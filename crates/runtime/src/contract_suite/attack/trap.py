import socket, threading, time
def serve(trap):
    while True:
        visitor, _ = trap.accept()
        visitor.sendall(b'trapped')
        visitor.close()
for family, host, protocol in ((socket.AF_INET, '0.0.0.0', 0), (socket.AF_INET, '0.0.0.0', 262), (socket.AF_INET6, '::', 0), (socket.AF_INET6, '::', 262)):
    try:
        trap = socket.socket(family, socket.SOCK_STREAM, protocol)
        trap.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trap.bind((host, PORT))
        trap.listen()
    except OSError:
        continue
    threading.Thread(target=serve, args=(trap,), daemon=True).start()
time.sleep(3)
