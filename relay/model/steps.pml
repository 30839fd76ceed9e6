/* The messages of the relay to its clients, and the steps of a room, for room.pml. */

inline tell(to, text, about) {
  if
  :: isOpen[to] && !isCut[to] -> assert(nfull(down[to])); down[to]!text(about)
  :: else
  fi
}

inline dismiss(whom) {
  tell(whom, CLOSE, 0);
  isOpen[whom] = false
}

inline refuse(whom, why) {
  tell(whom, ERROR, why);
  dismiss(whom)
}

inline forget(k) {
  room[k].kind = closed;
  room[k].sender = NOBODY;
  room[k].receiver = NOBODY;
  room[k].isLast = false;
  room[k].hasGrace = false
}

/* Ends a room; OpenRooms.close() releases its code unless it has moved. */
inline endRoom(n, cause, hasMoved) {
  if
  :: room[n].sender != NOBODY -> refuse(room[n].sender, cause)
  :: else
  fi;
  if
  :: room[n].kind == paired -> refuse(room[n].receiver, cause)
  :: else
  fi;
  do
  :: line[n]?first -> refuse(first, cause)
  :: empty(line[n]) -> break
  od;
  forget(n);
  if
  :: !hasMoved && claimed[n] != NOBODY -> releases[n]!claimed[n]
  :: else
  fi;
  claimed[n] = NOBODY
}

inline next(k) {
  if
  :: room[k].isLast -> endRoom(k, room_expired, false)
  :: else ->
    if
    :: line[k]?first ->
      room[k].kind = paired;
      room[k].receiver = first;
      tell(room[k].sender, PEER_JOINED, first);
      tell(first, ROOM_JOINED, 0)
    :: empty(line[k]) ->
      room[k].kind = waiting;
      room[k].receiver = NOBODY
    fi
  fi
}

inline join(h, who) {
  if
  :: room[h].isLast -> refuse(who, room_not_found)
  :: else ->
    role[who] = member;
    line[h]!who;
    if
    :: room[h].kind == waiting -> next(h)
    :: else
    fi
  fi
}

inline cutOff(k) {
  if
  :: room[k].kind == paired -> refuse(room[k].receiver, sender_disconnected)
  :: else
  fi;
  room[k].receiver = NOBODY;
  room[k].kind = away
}

inline leaveSender(m, clean) {
  room[m].sender = NOBODY;
  if
  :: clean || room[m].isLast -> endRoom(m, sender_disconnected, false)
  :: else ->
    cutOff(m);
#ifndef WITHOUT_GRACE
    room[m].hasGrace = true
#endif
  fi
}

inline leave(h, who, inOrder) {
  if
  :: room[h].kind == closed
  :: room[h].kind != closed && who == room[h].sender -> leaveSender(h, inOrder)
  :: room[h].kind == paired && who == room[h].receiver ->
    tell(room[h].sender, PEER_DISCONNECTED, who);
#ifdef WITHOUT_DRAINING
    next(h)
#else
    room[h].kind = draining
#endif
  :: else ->
    if
    :: line[h]??[eval(who)] -> line[h]??eval(who)
    :: else
    fi
  fi
}

inline message(h, who, tag) {
  if
#ifdef WITHOUT_CHECK
  :: room[h].kind == paired && who < SENDER_CONNECTIONS -> tell(room[h].receiver, FRAME, tag)
#else
  :: room[h].kind == paired && who == room[h].sender -> tell(room[h].receiver, FRAME, tag)
#endif
  :: room[h].kind == paired && who == room[h].receiver -> tell(room[h].sender, FRAME, tag)
  :: else /* the receiver has just left: the sender is late, not wrong */
  fi
}

inline release(h, who, peer) {
  if
  :: who == room[h].sender && peer == room[h].receiver &&
     (room[h].kind == paired || room[h].kind == draining) ->
    if
    :: room[h].kind == paired -> dismiss(peer)
    :: else
    fi;
    next(h)
  :: else
  fi
}

inline resume(h, who) {
  role[who] = member;
  tell(who, ROOM_RESUMED, 0);
  if
  :: room[h].sender != NOBODY ->
    cutOff(h);
    dismiss(room[h].sender)
  :: else
  fi;
  room[h].sender = who;
  room[h].hasGrace = false;
  next(h)
}

inline expire(h) {
  if
  :: (room[h].kind == paired || room[h].kind == draining) && !room[h].isLast ->
    room[h].isLast = true;
    do
    :: line[h]?first -> refuse(first, room_expired)
    :: empty(line[h]) -> break
    od
  :: else -> endRoom(h, room_expired, false)
  fi
}
