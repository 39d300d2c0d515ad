"""Stands in for a service manager: reads the datagrams of sd_notify(3) from a unix socket and prints each as a line of JSON.

usage: notify-receiver.py ADDRESS, where ADDRESS is a path, or @ and an abstract name. It ends when its standard input does.
"""

import array
import json
import os
import socket
import struct
import sys
import threading


def main() -> None:
    address = sys.argv[1]
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    receiver.bind("\0" + address[1:] if address.startswith("@") else address)
    threading.Thread(target=receive, args=(receiver,), daemon=True).start()
    print(json.dumps({"ready": address}), flush=True)
    sys.stdin.read()


def receive(receiver: socket.socket) -> None:
    while True:
        data, ancillary, _flags, _address = receiver.recvmsg(65536, 1024)
        sender = None
        for _level, kind, payload in ancillary:
            if kind == socket.SCM_CREDENTIALS:
                sender = struct.unpack("iII", payload)[0]
            elif kind == socket.SCM_RIGHTS:
                # The descriptor of a barrier: to close it tells the sender that all before it was read.
                for fd in array.array("i", payload):
                    os.close(fd)
        fields = dict(line.split("=", 1) for line in data.decode().splitlines() if "=" in line)
        if "BARRIER" not in fields:
            print(json.dumps({"pid": sender, "fields": fields}), flush=True)


main()
