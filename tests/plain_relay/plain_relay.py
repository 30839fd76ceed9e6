"""A plain relay on Python's websockets, written from the original's specification.

Usage: plain_relay.py        prints "port N" and serves on 127.0.0.1 until it is ended
"""

import asyncio
import json
import random
import string

import websockets

MAX_MESSAGE_BYTES = 10 * 1024 * 1024
rooms = {}


class Room:
    def __init__(self, sender):
        self.sender = sender
        self.receiver = None
        self.waiting = asyncio.Queue()


async def say(socket, **word):
    await socket.send(json.dumps(word))


def free_code():
    letters = string.ascii_lowercase + string.digits
    while True:
        code = "".join(random.choices(letters, k=6))
        if code not in rooms:
            return code


async def serve_sender(socket):
    code = free_code()
    room = rooms[code] = Room(socket)
    await say(socket, type="ROOM_CREATED", room_id=code)
    pairing = asyncio.create_task(pair_all(room, code))
    try:
        async for message in socket:
            if room.receiver is not None:
                await room.receiver.send(message)
    except websockets.ConnectionClosed:
        pass
    finally:
        del rooms[code]
        pairing.cancel()
        if room.receiver is not None:
            await room.receiver.close()


async def pair_all(room, code):
    while True:
        receiver, gone = await room.waiting.get()
        room.receiver = receiver
        peer = f"conn_{id(receiver):x}"
        await say(receiver, type="ROOM_JOINED", room_id=code)
        await say(room.sender, type="PEER_JOINED", peer_id=peer)
        await gone.wait()
        room.receiver = None
        await say(room.sender, type="PEER_DISCONNECTED", peer_id=peer)


async def serve_receiver(socket, code):
    room = rooms.get(code)
    if room is None:
        await say(socket, type="ERROR", reason="room_not_found")
        return
    gone = asyncio.Event()
    await room.waiting.put((socket, gone))
    try:
        async for message in socket:
            await room.sender.send(message)
    except websockets.ConnectionClosed:
        pass
    finally:
        gone.set()


async def handle(socket):
    word = json.loads(await socket.recv())
    if word["type"] == "CREATE_ROOM":
        await serve_sender(socket)
    elif word["type"] == "JOIN_ROOM":
        await serve_receiver(socket, word["room_id"])


async def main():
    async with websockets.serve(handle, "127.0.0.1", 0, max_size=MAX_MESSAGE_BYTES) as server:
        print("port", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
