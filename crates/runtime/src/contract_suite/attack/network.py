import socket
env.cr.execute('select 1')
MPTCP = 262

def reaches(family, kind, protocol, address):
    try:
        attempt = socket.socket(family, kind, protocol)
    except OSError:
        return False
    with attempt:
        attempt.settimeout(3)
        try:
            attempt.connect(address)
            if kind == socket.SOCK_STREAM:
                return True
            # Whether a datagram has come is only known where it comes to.
            attempt.send(b'x')
        except OSError:
            pass
    return False

for host, port in FORBIDDEN:
    six = ':' in host
    address, family = (host, port), socket.AF_INET6 if six else socket.AF_INET
    for protocol in (0, MPTCP):
        assert not reaches(family, socket.SOCK_STREAM, protocol, address), (address, protocol)
    reaches(family, socket.SOCK_DGRAM, 0, address)
    if not six:
        mapped = ('::ffff:' + host, port)
        assert not reaches(socket.AF_INET6, socket.SOCK_STREAM, 0, mapped), mapped
if ABSTRACT:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        assert not reaches(socket.AF_UNIX, kind, 0, '\0' + ABSTRACT), ABSTRACT
for host in ('169.254.169.254', '169.254.1.1'):
    if FORBIDDEN:
        assert not reaches(socket.AF_INET, socket.SOCK_STREAM, 0, (host, 80)), host
env.cr.execute('select 1')
