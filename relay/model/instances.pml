/* Requests, the directory, connections and instances of the relay, for room.pml. */

inline take(here, client, said, what) {
  if
#ifdef WITHOUT_CHECK
  :: !isOpen[client] && said == FRAME -> message(here, client, what)
  :: !isOpen[client] && said != FRAME
#else
  :: !isOpen[client] /* dismissed: not heard any more */
#endif
  :: isOpen[client] && said == CREATE_ROOM ->
    owner = here;
    claim = client;
    claimed[here] = client;
    room[here].kind = waiting;
    room[here].sender = client;
    role[client] = member;
    tell(client, ROOM_CREATED, 0)
  :: isOpen[client] && said == JOIN_ROOM ->
    if
    :: room[here].kind != closed -> join(here, client)
    :: room[here].kind == closed && owner < INSTANCES && owner != here ->
      /* Directory.lead(): the request goes on to the owner. */
      at[client] = owner;
      if
      :: room[owner].kind != closed -> join(owner, client)
      :: else -> refuse(client, room_not_found)
      fi
    :: else -> refuse(client, room_not_found)
    fi
  :: isOpen[client] && said == RESUME_ROOM ->
    if
    :: lifetimes > 0 -> refuse(client, room_not_found)
    :: lifetimes == 0 && room[here].kind != closed -> resume(here, client)
    :: else -> role[client] = resuming; returning[here]++
    fi
  :: isOpen[client] && said == RELEASE_PEER -> release(here, client, what)
  :: isOpen[client] && said == FRAME -> message(here, client, what)
  :: isOpen[client] && said == CLOSE ->
    isOpen[client] = false;
    leave(here, client, true)
  fi
}

/* Claims.takeOver() makes this instance the owner and tells the one before. */
inline takeOver(here, client) {
  if
  :: owner < INSTANCES && owner != here -> inbox[owner]!claim
  :: else
  fi;
  owner = here;
  claim = client;
  isWritten[here] = true;
  role[client] = written
}

/* The answer to it, and what RoomRequests.resume() does for a client that may be gone by now. */
inline comeIn(here, client) {
  returning[here]--;
  isWritten[here] = false;
  claimed[here] = client;
  if
  :: room[here].kind == closed ->
    room[here].kind = away;
    room[here].hasGrace = true
  :: else
  fi;
  if
  :: isOpen[client] -> resume(here, client)
  :: else -> role[client] = member
  fi
}

/* Claims.lose() and Hub.evict(). */
inline obey(here, lost) {
  if
  :: lost == claimed[here] -> endRoom(here, sender_disconnected, true)
  :: else /* the room has come back meanwhile */
  fi
}

inline giveBack(here, given) {
  if
#ifdef WITHOUT_NAMES
  :: owner == here -> owner = NOBODY
#else
  :: owner == here && claim == given -> owner = NOBODY
#endif
  :: else
  fi
}

/* The end of an instance: all that it knew is gone, its connections as well. */
inline endInstance(here, inTime) {
  if
  :: inTime ->
    if
    :: room[here].kind != closed -> endRoom(here, shutting_down, false)
    :: else
    fi;
    do
    :: releases[here]?first -> giveBack(here, first)
    :: empty(releases[here]) -> break
    od
  :: else
  fi;
  forget(here);
  do
  :: line[here]?_
  :: empty(line[here]) -> break
  od;
  for (first : 0 .. CONNECTIONS - 1) {
    if
    :: at[first] == here ->
      isOpen[first] = false;
      isCut[first] = true;
      role[first] = member
    :: else
    fi
  }
  do
  :: inbox[here]?_
  :: empty(inbox[here]) -> break
  od;
  do
  :: releases[here]?_
  :: empty(releases[here]) -> break
  od;
  claimed[here] = NOBODY;
  returning[here] = 0;
  isWritten[here] = false;
  if
  :: owner == here -> owner = ENDED
  :: else
  fi
}

/* One connection at the relay: the hub, as it hears of it. */
proctype Connection(byte c) {
end:
  do
  :: d_step { up[c]?word(value) -> take(at[c], c, word, value) }
  :: d_step {
      isOpen[c] && isCut[c] ->
      do
      :: up[c]?_(_)
      :: empty(up[c]) -> break
      od;
      isOpen[c] = false;
      leave(at[c], c, false)
    }
  :: d_step { role[c] == resuming && !isWritten[at[c]] -> takeOver(at[c], c) }
  :: d_step { role[c] == written -> comeIn(at[c], c) }
  :: d_step { events > 0 && isOpen[c] && !isCut[c] -> events--; isCut[c] = true }
  od
}

/* One instance: its timers, its work in the background, and its end. */
proctype Instance(byte i) {
end:
  do
  :: d_step { room[i].hasGrace -> endRoom(i, sender_disconnected, false) }
  :: d_step { room[i].kind != closed && lifetimes > room[i].isLast -> expire(i) }
  :: d_step { releases[i]?value -> giveBack(i, value) }
#if INSTANCES > 1
  :: d_step { returning[i] == 0 && nempty(inbox[i]) -> inbox[i]?value; obey(i, value) }
#endif
  :: d_step { i == 0 && events > 0 && lifetimes < 2 -> events--; lifetimes++ }
  :: d_step { events > 0 -> events--; endInstance(i, false) }
  :: d_step { events > 0 -> events--; endInstance(i, true) }
  od
}
