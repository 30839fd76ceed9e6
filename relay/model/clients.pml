/* The clients' part of room.pml: a sender and its receivers. */

inline connect(own) {
  if
  :: at[own] = 0
#if INSTANCES > 1
  :: at[own] = 1
#endif
  fi;
  isOpen[own] = true
}

inline send(own, text, about) {
  if
  :: isCut[own]
  :: !isCut[own] -> up[own]!text(about)
  fi
}

/* RelaySocket.abort(): the relay sees the connection break. */
inline abort(own) {
  isCut[own] = true;
  do
  :: down[own]?_(_)
  :: empty(down[own]) -> break
  od
}

proctype Sender() {
  byte c;
  byte peer = NOBODY;
  bool hasLeft, isServed;

  atomic { connect(c); up[c]!CREATE_ROOM(0) }
serve:
  do
  :: d_step { down[c]?ROOM_CREATED(_) -> isShared = true; isHere = true }
  :: d_step { down[c]?ROOM_RESUMED(_) -> isHere = true }
  :: d_step {
      down[c]?PEER_JOINED(value) ->
      /* AnnouncedReceivers.#welcome() takes the relay for a faulty one otherwise. */
      assert(peer == NOBODY);
      peer = value
    }
  :: d_step {
      down[c]?PEER_DISCONNECTED(value) ->
      hasLeft = (value == peer)
    }
  :: d_step {
      /* One after the release is dropped; whoever has left gets no answer. */
      nfull(up[c]) && down[c]?[FRAME, _] ->
      down[c]?FRAME(value);
      if
      :: peer != NOBODY ->
        assert(value == peer);
        isServed = true;
        if
        :: !hasLeft -> send(c, FRAME, peer)
        :: else
        fi
      :: else
      fi
    }
  :: down[c]?ERROR(room_expired) -> goto over
  :: down[c]?ERROR(room_not_found) -> goto over
  :: down[c]?ERROR(sender_disconnected) -> goto comeBack
  :: down[c]?ERROR(shutting_down) -> goto comeBack
  :: down[c]?CLOSE(_) -> goto comeBack
  :: isCut[c] -> goto comeBack
  :: d_step {
      nfull(up[c]) && peer != NOBODY && (hasLeft || isServed) ->
      send(c, RELEASE_PEER, peer);
      peer = NOBODY;
      hasLeft = false;
      isServed = false
    }
  :: d_step {
      nfull(up[c]) && events > 0 && peer != NOBODY && !isServed ->
      events--;
      send(c, RELEASE_PEER, peer);
      peer = NOBODY;
      hasLeft = false
    }
  :: atomic { mayLeave && isHere -> send(c, CLOSE, 0); goto over }
  :: atomic { events > 0 && isHere -> events--; send(c, CLOSE, 0); goto over }
  :: atomic { events > 0 -> events--; abort(c); goto over /* killed */ }
  od;
comeBack:
  atomic {
    abort(c);
    isHere = false;
    peer = NOBODY;
    hasLeft = false;
    isServed = false;
    if
    :: isShared && c + 1 < SENDER_CONNECTIONS ->
      c++;
      connect(c);
      up[c]!RESUME_ROOM(0);
      goto serve
    :: else
    fi
  };
over:
  isHere = false
}

proctype Receiver(byte r) {
  byte c;
  byte attempts, tag;

end:
  /*
   * Receivers differ in nothing but their numbers, so they come in that order: every other order
   * is one of these with the numbers exchanged.
   */
  isShared &&
    (r == 0 || at[SENDER_CONNECTIONS + (r - 1) * ATTEMPTS] != NOBODY);
again:
  atomic {
    c = SENDER_CONNECTIONS + r * ATTEMPTS + attempts;
    connect(c);
    waits[r] = true;
    up[c]!JOIN_ROOM(0)
  };
  do
  :: d_step { down[c]?ROOM_JOINED(_) -> send(c, FRAME, c) }
  :: atomic { down[c]?FRAME(tag) -> assert(tag == c); send(c, CLOSE, 0); goto over }
  :: down[c]?ERROR(_) -> break
  :: down[c]?CLOSE(_) -> break
  :: isCut[c] -> break
  od;
  atomic {
    abort(c);
    attempts++;
    if
    :: attempts < ATTEMPTS -> goto again
    :: else
    fi
  };
over:
  waits[r] = false
}
