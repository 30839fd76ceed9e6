/*
 * A model of one room: its sender, its receivers and the relay's instances, for the model checker
 * Spin. room_model_test.ts runs it; CONTRIBUTING.md says how to run it by hand.
 *
 * Spin searches every order of steps. The clients, their connections, and the events from outside
 * are bounded: a connection cut, an instance killed or ended in order, a lifetime over, a
 * receiver given up, a sender killed or closed early. Time is not measured: a running timer may
 * fire at once, or after anything else.
 *
 * Properties that the search checks:
 *   - frames reach only the other side of a pair: each carries the peer id of its receiver, and
 *     both ends assert it;
 *   - nobody waits for ever: once nothing can move any more, Judge finds no receiver that waits;
 *   - receivers can find an open room: the directory names the instance where the sender is;
 *   - every room ends: once the sender is gone, Judge finds neither a room nor its entry, and no
 *     run continues without end (the test also searches for cycles).
 *
 * Functions of the code that the parts below stand for; the test checks that they exist:
 *
 * code: relay/rooms/room.ts: join leave loseSender loseReceiver message release resume expire next pair end cutOff
 * code: relay/rooms/hub.ts: evict tick ping shutdown #take #obey #pass #refuse #terminate #gone #leave
 * code: relay/rooms/open_rooms.ts: open claim reopen step tick close
 * code: relay/rooms/room_requests.ts: #create #join #resume #lead #timeLeft
 * code: relay/kv/directory.ts: claim takeOver release lead #take #obey
 * code: relay/kv/claims.ts: claim takeOver release lose find
 * code: lib/transports/relay/sender_room.ts: #run #pump #comeBack #resume #replace
 * code: lib/transports/relay/announced_receivers.ts: take lose #hear #welcome
 * code: lib/transports/relay/receiver_room.ts: joinRoom waitForRoom receive
 *
 * Left out: protocol 1, full queues, limits of admission, ROOM_QUEUED (it changes no state),
 * backpressure, a failing database, and the tunnel between instances: a receiver that is led to
 * another instance counts as connected there. A room that replaces one which cannot be resumed is
 * not modelled either: the sender then counts as gone.
 *
 * INSTANCES, RECEIVERS, ATTEMPTS, RETURNS and EVENTS set the bounds. A flag WITHOUT_… takes one
 * safeguard away, and Spin has to find the fault that results.
 */

#ifndef INSTANCES
#define INSTANCES 1
#endif
#ifndef RECEIVERS
#define RECEIVERS 2
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 1		/* connections of each receiver */
#endif
#ifndef RETURNS
#define RETURNS 2		/* connections of the sender after its first */
#endif
#ifndef EVENTS
#define EVENTS 2		/* most events from outside */
#endif

#define SENDER_CONNECTIONS (1 + RETURNS)
#define CONNECTIONS (SENDER_CONNECTIONS + RECEIVERS * ATTEMPTS)
#define NOBODY 255
/* An instance that is gone; one that starts in its place has another name. */
#define ENDED 254

mtype = {
  /* From clients to the relay; value: peer id of RELEASE_PEER. */
  CREATE_ROOM, JOIN_ROOM, RESUME_ROOM, RELEASE_PEER,
  /* From the relay; value: peer id of PEER_…, reason of ERROR. */
  ROOM_CREATED, ROOM_RESUMED, ROOM_JOINED, PEER_JOINED, PEER_DISCONNECTED, ERROR,
  /* Between peers; value: the peer id of the receiver that it is from or for. */
  FRAME,
  /* The closing handshake, either way. */
  CLOSE
};
mtype = { room_not_found, room_expired, sender_disconnected, shutting_down };
mtype = { closed, waiting, paired, draining, away };
/* A connection without a request, one that waits for the directory, one in a room. */
mtype = { fresh, resuming, written, member };

/* Connections: clients name each by its number, the relay uses the number as peer id. */
chan up[CONNECTIONS] = [3] of { mtype, byte };
chan down[CONNECTIONS] = [7] of { mtype, byte };
mtype role[CONNECTIONS] = fresh;
byte at[CONNECTIONS] = NOBODY;	/* its instance, once there is one */
bool isOpen[CONNECTIONS];	/* as the relay sees it */
bool isCut[CONNECTIONS];	/* neither side gets anything more, nor knows it yet */

/* The room on each instance. */
typedef Room {
  mtype kind = closed;
  byte sender = NOBODY;
  byte receiver = NOBODY;
  bool isLast;
  bool hasGrace;
};
Room room[INSTANCES];
chan line[INSTANCES] = [RECEIVERS * ATTEMPTS] of { byte };

/* The directory's entry: the room's instance, and its claim, named by the sender's connection. */
byte owner = NOBODY;
byte claim = NOBODY;

/* Each instance's own claim, claims lost to another instance, and claims to give back. */
byte claimed[INSTANCES] = NOBODY;
chan inbox[INSTANCES] = [SENDER_CONNECTIONS] of { byte };
chan releases[INSTANCES] = [SENDER_CONNECTIONS] of { byte };
/* Senders that come back: all, and those whose claim is written but not answered yet. */
byte returning[INSTANCES];
bool isWritten[INSTANCES];

/* Lifetimes of the room that are over: after two no pair may continue. */
byte lifetimes;

byte events;			/* events that still come from outside */
bool isShared;			/* the sender has the room's code */
bool isHere;			/* the sender has its room */
bool waits[RECEIVERS];		/* the receiver waits for an answer */
bool mayLeave;			/* nothing moves any more: the sender leaves */
/* Of the step that is being made. */
hidden byte first, value;
hidden mtype word;

#include "steps.pml"
#include "instances.pml"
#include "clients.pml"

/* Looks whenever nothing can move any more; `timeout` says so. */
proctype Judge() {
  byte i;

  timeout;
  d_step {
    for (i : 0 .. RECEIVERS - 1) {
      assert(!waits[i])
    }
    if
    :: isHere ->
      assert(owner < INSTANCES);
      assert(room[owner].kind == waiting)
    :: else
    fi;
    mayLeave = true
  };
  timeout;
  d_step {
    assert(owner == NOBODY || owner == ENDED);
    for (i : 0 .. INSTANCES - 1) {
      assert(room[i].kind == closed);
      assert(empty(line[i]))
    }
  }
}

init {
  byte i;

  atomic {
    select(i : 0 .. EVENTS);
    events = i;
    for (i : 0 .. CONNECTIONS - 1) {
      run Connection(i)
    }
    for (i : 0 .. INSTANCES - 1) {
      run Instance(i)
    }
    for (i : 0 .. RECEIVERS - 1) {
      run Receiver(i)
    }
    run Sender();
    run Judge()
  }
}
