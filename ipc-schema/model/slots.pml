/* The slot protocol of SPEC.md: a decoder, two renderers, an encoder, three slots, lossy doorbells, a crash after any step.
 * Picture 0 serves frames 0 and 1, which are rendered. Picture 1 goes straight to the encoder as frame 2 (bypass) and
 * again as frame 3 (reuse). Slot 0 belongs to the decoder's ring, slots 1 and 2 to the renderers'.
 * A filter's job is a renderer's with one input: the same transitions, so the renderers stand for filters, too.
 * check.sh proves it and shows that each broken variant (-D NAME, see the end) is caught.
 *
 * Where the crash tests end a real worker (SluiceBase/KillPoint.swift; SchemaTests holds the names equal), and the step here:
 *   point take.before             a command is taken, nothing is done yet: IDLE
 *   point fill.before             BEGIN
 *   point fill.after              FILL
 *   point publish.before-done     before PUBLISH
 *   point publish.after-done      PUBLISH, its doorbell lost
 *   point publish.before-send     the same
 *   point publish.after-send      PUBLISH
 *   point read.before             the encoder's READ
 *   point read.after              after READ
 *   point release.before-store    before HOLD, or the encoder's PUBLISH
 *   point release.after-store     HOLD or PUBLISH, its doorbell lost
 *   point release.before-send     the same
 *   point release.after-send      after it
 *   point attach.after-hello      restart: the process is there, it takes no part yet
 *   point attach.after-lease      the same
 *   point ready.before-send       the same
 *   point ready.after-send        restart
 *   point begin.before            an encoder's segment begins: written = 0
 *   point begin.after             the same
 *   point finished.before-send    written = FRAMES, not yet known
 *   point finished.after-send     written = FRAMES
 *   point end.before-send         a stream's end: the decoder has nothing left, as after HOLD
 *   point end.after-send          the same
 *   point need.before-send        a decoder that waits for a slot: IDLE
 *   point need.after-send         the same
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LOSSES
#define LOSSES 1   /* messages that may be lost, besides doorbells that find their queue full */
#endif
#ifndef REPEATS
#define REPEATS 1  /* commands that may be repeated for no reason */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#define FRAMES 4
#define PICTURES 2

#define DECODER 0
#define ENCODER 3
#define WORKERS 4
#define NOBODY 7
#define BIT(w) (1 << (w))

mtype = { FREE, GRANTED, READY };                     /* slots */
mtype = { WAITING, RENDERING, RENDERED };             /* frames */
mtype = { IDLE, BEGIN, FILL, PUBLISH, HOLD, READ };   /* workers */
mtype = { RUNNING, KILLED, RECLAIMED };               /* workers, as the supervisor sees them */

/* control region: written by the supervisor alone */
mtype state[3] = FREE;
byte generation[3], owner[3] = NOBODY, holders[3];
/* leases: written by their worker alone; [worker * 3 + slot]. done: a generation; released: a running count of uses */
byte done[12], released[12];
/* payload: 0 torn, 1 + picture, 10 + frame */
byte pixels[3];

/* the supervisor's own ledger */
byte item[3];              /* picture or frame that a slot is for */
byte lent[12];             /* uses of a slot lent to a worker so far, as released[] counts those it let go */
mtype frame[FRAMES] = WAITING;
byte next_picture, next_out;
mtype seen[WORKERS] = RUNNING;

/* the outside */
bool alive[WORKERS] = true;
byte losses = LOSSES, repeats, crashes, idle;
chan command[WORKERS] = [2] of { byte, byte, byte };  /* item, slot, generation */
chan doorbell = [1] of { byte, byte, byte };          /* worker, slot, generation */

/* workers' private memory */
mtype step[WORKERS] = IDLE;
byte my_item[WORKERS], my_slot[WORKERS], my_generation[WORKERS];
byte writer[3] = NOBODY;   /* observer: who is writing */
byte written;              /* observer: frames in the encoder's file */

#define DONE(w, s) done[(w) * 3 + (s)]
#define RELEASED(w, s) released[(w) * 3 + (s)]
#define LENT(w, s) lent[(w) * 3 + (s)]
#define HELD(w, s) ((holders[s] >> (w)) & 1)

/* ---- messages ---- */

inline send(w, i, s) {
  if
  :: nfull(command[w]) -> command[w]!i, s, generation[s]
  :: losses > 0 -> losses--
  :: full(command[w])
  fi
}
inline ring(w, s, g) {
  if
  :: nfull(doorbell) -> doorbell!w, s, g
  :: losses > 0 -> losses--
  :: full(doorbell)
  fi
}

inline rest(w) { step[w] = IDLE; my_item[w] = 0; my_slot[w] = 0; my_generation[w] = 0 }

/* ---- decoder and renderers ---- */

#ifdef NO_WORKER_CHECK
#define MINE(w, s, g) true
#else
#define MINE(w, s, g) (state[s] == GRANTED && generation[s] == g && owner[s] == w)
#endif

proctype Filler(byte w) {
  byte i, s, g;
end:
  do
  :: atomic { alive[w] && step[w] == IDLE && command[w]?[i, s, g] -> command[w]?i, s, g;
       if
       :: MINE(w, s, g) && DONE(w, s) != g -> my_item[w] = i; my_slot[w] = s; my_generation[w] = g; step[w] = BEGIN; idle = 0
       :: MINE(w, s, g) && DONE(w, s) == g -> ring(w, s, g)   /* repeated */
       :: else                                               /* stale */
       fi; i = 0; s = 0; g = 0 }
  :: atomic { alive[w] && step[w] == BEGIN ->
       assert(writer[my_slot[w]] == NOBODY && holders[my_slot[w]] == 0);  /* one writer, no reader */
       writer[my_slot[w]] = w; pixels[my_slot[w]] = 0;
#ifdef DONE_BEFORE_FILL
       DONE(w, my_slot[w]) = my_generation[w];
#endif
       step[w] = FILL }
  :: atomic { alive[w] && step[w] == FILL ->
       if
       :: w == DECODER -> pixels[my_slot[w]] = 1 + my_item[w]
       :: else -> assert(state[0] == READY && HELD(w, 0) && pixels[0] == 1); pixels[my_slot[w]] = 10 + my_item[w]
       fi;
       writer[my_slot[w]] = NOBODY; step[w] = PUBLISH }
  :: atomic { alive[w] && step[w] == PUBLISH ->
       DONE(w, my_slot[w]) = my_generation[w]; ring(w, my_slot[w], my_generation[w]);
       if
       :: w == DECODER -> step[w] = HOLD  /* the codec keeps its picture for a while */
       :: else -> rest(w)
       fi }
  :: atomic { alive[w] && step[w] == HOLD ->
       RELEASED(w, my_slot[w])++; ring(w, my_slot[w], my_generation[w]); rest(w) }
  od
}

/* ---- encoder ---- */

#define HOLDING(s, g) (state[s] == READY && generation[s] == g && HELD(ENCODER, s))

inline let_go(s, g) {
#ifdef RELEASED_IS_GENERATION
  RELEASED(ENCODER, s) = g;
#else
  RELEASED(ENCODER, s)++;
#endif
  ring(ENCODER, s, g)
}

proctype Encoder() {
  byte i, s, g;
end:
  do
  :: atomic { alive[ENCODER] && step[ENCODER] == IDLE && command[ENCODER]?[i, s, g] -> command[ENCODER]?i, s, g;
       if
       :: HOLDING(s, g) && i == written -> my_item[ENCODER] = i; my_slot[ENCODER] = s;
          my_generation[ENCODER] = g; step[ENCODER] = READ; idle = 0;
#ifdef RELEASE_BEFORE_READ
          let_go(s, g)
#endif
       :: else                                               /* stale, repeated, or one before it was lost */
       fi; i = 0; s = 0; g = 0 }
  :: atomic { alive[ENCODER] && step[ENCODER] == READ ->
       assert(HOLDING(my_slot[ENCODER], my_generation[ENCODER]));             /* not free while held */
       assert(my_item[ENCODER] == written);                                  /* in order */
       assert(pixels[my_slot[ENCODER]] == (written < 2 -> 10 + written : 2)); /* the right picture, whole */
       written++; step[ENCODER] = PUBLISH }
  :: atomic { alive[ENCODER] && step[ENCODER] == PUBLISH ->
#ifndef RELEASE_BEFORE_READ
       let_go(my_slot[ENCODER], my_generation[ENCODER]);
#endif
       rest(ENCODER) }
  od
}

/* ---- supervisor: the transitions of SPEC.md ---- */

inline grant(s, w, i) {
  assert(state[s] == FREE && holders[s] == 0);
  generation[s]++; owner[s] = w; item[s] = i; state[s] = GRANTED; send(w, i, s)
}
/* A filler holds what it published until it lets go; a renderer's job lets go of its input, too. */
inline publish(s) {
  state[s] = READY; idle = 0;
  if
  :: s == 0 -> LENT(DECODER, 0)++; holders[0] = BIT(DECODER)
  :: else -> frame[item[s]] = RENDERED; holders[0] = holders[0] & ~BIT(owner[s])
  fi
}
inline deliver(s) {
  LENT(ENCODER, s)++; holders[s] = holders[s] | BIT(ENCODER); send(ENCODER, next_out, s); next_out++
}
inline release(s, w) { holders[s] = holders[s] & ~BIT(w); idle = 0 }

#define FILLED(s) (state[s] == GRANTED && DONE(owner[s], s) == generation[s])
#define DECODER_LET_GO (HELD(DECODER, 0) && RELEASED(DECODER, 0) == LENT(DECODER, 0))
#ifdef RELEASED_IS_GENERATION
#define ENCODER_LET_GO(s) (HELD(ENCODER, s) && RELEASED(ENCODER, s) == generation[s])
#else
#define ENCODER_LET_GO(s) (HELD(ENCODER, s) && RELEASED(ENCODER, s) == LENT(ENCODER, s))
#endif
#define CHANGED(s) (FILLED(s) || DECODER_LET_GO && s == 0 || ENCODER_LET_GO(s))
/* Picture 1 is dropped when the encoder's restart needs picture 0 again and there is one slot for both. */
#define PICTURE_USED (item[0] == 0 -> frame[0] != WAITING && frame[1] != WAITING \
                                    : next_out == FRAMES || frame[0] == WAITING || frame[1] == WAITING)
#define UNUSED(s) (state[s] == READY && holders[s] == 0 && (s == 0 -> PICTURE_USED : item[s] < next_out))

inline settle(s) {
  if
  :: FILLED(s) -> publish(s)
  :: else
  fi;
  if
  :: DECODER_LET_GO && s == 0 -> release(0, DECODER)
  :: else
  fi;
  if
  :: ENCODER_LET_GO(s) -> release(s, ENCODER)
  :: else
  fi
}
inline free(s) {
  if
  :: s == 0 && item[0] == 1 && (frame[0] == WAITING || frame[1] == WAITING) -> next_picture = 0
  :: else
  fi;
  state[s] = FREE; owner[s] = NOBODY; item[s] = 0
}
#define SLOT(f) (f >= 2 -> 0 : (state[1] == READY && item[1] == f -> 1 : 2))

/* granted to the dead: done → ready, else free and its work is reissued; held by the dead: cleared */
inline reclaim_slot(s, w) {
  if
  :: FILLED(s) && owner[s] == w -> publish(s)
  :: state[s] == GRANTED && owner[s] == w && !FILLED(s) ->
     if
     :: s == 0 -> next_picture = item[0]
     :: else -> frame[item[s]] = WAITING; holders[0] = holders[0] & ~BIT(w)
     fi;
     state[s] = FREE; owner[s] = NOBODY; item[s] = 0
  :: else
  fi;
  holders[s] = holders[s] & ~BIT(w)
}
/* The encoder's file is begun again: frames whose slot is gone are made again. */
inline reissue_lane() {
  if
  :: state[1] != FREE && item[1] == 0 || state[2] != FREE && item[2] == 0
  :: else -> frame[0] = WAITING
  fi;
  if
  :: state[1] != FREE && item[1] == 1 || state[2] != FREE && item[2] == 1
  :: else -> frame[1] = WAITING
  fi;
  next_out = 0;
  if
  :: state[0] == FREE && (frame[0] == WAITING || frame[1] == WAITING) -> next_picture = 0
  :: state[0] == FREE && frame[0] != WAITING && frame[1] != WAITING -> next_picture = 1
  :: else
  fi
}
inline reclaim(w) {
  reclaim_slot(0, w); reclaim_slot(1, w); reclaim_slot(2, w);
  if
  :: w == ENCODER -> reissue_lane()
  :: else
  fi;
  seen[w] = RECLAIMED; idle = 0
}
inline die(w) {
  alive[w] = false;
  if
  :: writer[0] == w -> writer[0] = NOBODY
  :: writer[1] == w -> writer[1] = NOBODY
  :: writer[2] == w -> writer[2] = NOBODY
  :: else
  fi
}
/* A new process with an empty lease. Old commands may still reach it. */
inline restart(w) {
  DONE(w, 0) = 0; DONE(w, 1) = 0; DONE(w, 2) = 0;
  RELEASED(w, 0) = 0; RELEASED(w, 1) = 0; RELEASED(w, 2) = 0;
  LENT(w, 0) = 0; LENT(w, 1) = 0; LENT(w, 2) = 0;
  rest(w);
  if
  :: w == ENCODER -> written = 0
  :: else
  fi;
  alive[w] = true; seen[w] = RUNNING
}

inline repeat_encode(f) {
  if
  :: f < next_out && state[SLOT(f)] == READY && (f >= 2 || item[SLOT(f)] == f) && HELD(ENCODER, SLOT(f)) -> send(ENCODER, f, SLOT(f))
  :: else
  fi
}
inline repeat_fill(s) {
  if
  :: state[s] == GRANTED -> send(owner[s], item[s], s)
  :: else
  fi
}
inline repeat_all() {
  repeat_fill(0); repeat_fill(1); repeat_fill(2);
  repeat_encode(0); repeat_encode(1); repeat_encode(2); repeat_encode(3)
}

#define IDLE_RENDERER(w) (seen[w] == RUNNING && !HELD(w, 0) && !(owner[1] == w && state[1] == GRANTED) \
                                             && !(owner[2] == w && state[2] == GRANTED))
#define RENDERABLE (state[0] == READY && item[0] == 0 && (frame[0] == WAITING || frame[1] == WAITING) \
                    && (IDLE_RENDERER(1) || IDLE_RENDERER(2)) && (state[1] == FREE || state[2] == FREE))
#ifdef UNORDERED
#define NEXT(s) (state[s] == READY && item[s] >= next_out && next_out < 2)
#else
#define NEXT(s) (state[s] == READY && item[s] == next_out && next_out < 2)
#endif
#ifdef RECLAIM_BEFORE_DEATH
#define GONE(w) (!alive[w] || seen[w] == KILLED)
#else
#define GONE(w) (!alive[w])
#endif
#define ALL_OUT (next_out == FRAMES && state[0] == FREE && state[1] == FREE && state[2] == FREE)

/* What the supervisor does after every event, until nothing more can be done. */
inline schedule() {
  do
  :: UNUSED(0) -> free(0)
  :: UNUSED(1) -> free(1)
  :: UNUSED(2) -> free(2)
  :: state[0] == FREE && next_picture < PICTURES && seen[DECODER] == RUNNING ->
     next_picture++; grant(0, DECODER, next_picture - 1)
  :: RENDERABLE ->
     i = (frame[0] == WAITING -> 0 : 1); s = (state[1] == FREE -> 1 : 2); w = (IDLE_RENDERER(1) -> 1 : 2);
     holders[0] = holders[0] | BIT(w); frame[i] = RENDERING; grant(s, w, i)
  :: NEXT(1) && seen[ENCODER] == RUNNING -> deliver(1)
  :: NEXT(2) && seen[ENCODER] == RUNNING -> deliver(2)
  :: next_out >= 2 && next_out < FRAMES && state[0] == READY && item[0] == 1 && seen[ENCODER] == RUNNING -> deliver(0)
  :: else -> break
  od;
  i = 0; w = 0; s = 0; g = 0
}

#define LIFE_OF(w) \
  :: crashes > 0 && alive[w] && seen[w] == RUNNING -> crashes--; \
     if \
     :: die(w)            /* it crashed; the supervisor may still send to it */ \
     :: seen[w] = KILLED  /* it hangs, or seems to */ \
     fi \
  :: seen[w] != RUNNING && alive[w] -> die(w) \
  :: GONE(w) && seen[w] != RECLAIMED -> reclaim(w) \
  :: seen[w] == RECLAIMED && !alive[w] -> restart(w)

active proctype Supervisor() {
  byte i, w, s, g;
  atomic {
    if :: repeats = REPEATS :: repeats = 0 fi;
    if :: crashes = CRASHES :: crashes = 0 fi;
    run Filler(0); run Filler(1); run Filler(2); run Encoder();
    schedule()
  }
  do
  :: atomic {
       if
       /* a doorbell: look at what it names, if it is not stale */
       :: doorbell?w, s, g ->
          if
#ifdef NO_GENERATION_CHECK
          :: state[s] == GRANTED -> publish(s)
          :: else -> settle(s)
#else
          :: generation[s] == g -> settle(s)
          :: else
#endif
          fi
       LIFE_OF(0) LIFE_OF(1) LIFE_OF(2) LIFE_OF(3)
       /* timers: when nothing else moves, and once more at any time */
       :: timeout && !ALL_OUT ->
          if
#ifndef NO_RESCAN
          :: CHANGED(0) || CHANGED(1) || CHANGED(2) -> settle(0); settle(1); settle(2)
#endif
          :: else -> idle++; repeat_all()
          fi;
          assert(idle <= LOSSES + 2)                  /* no permanent stall */
       :: repeats > 0 -> repeats--; repeat_all()
       fi;
       schedule()
     }
  :: atomic { ALL_OUT && alive[ENCODER] && seen[ENCODER] == RUNNING ->
       assert(written == FRAMES);                     /* every frame once */
       assert(holders[0] == 0 && holders[1] == 0 && holders[2] == 0);  /* no slot is lost */
       break }
  od
}

/* Broken variants, each of which must be caught:
 * DONE_BEFORE_FILL      done is stored while the pixels are still being written
 * RELEASE_BEFORE_READ   the encoder lets go of a slot that it still reads
 * RECLAIM_BEFORE_DEATH  a hung worker's slots are given away before its process has ended
 * NO_GENERATION_CHECK   the supervisor believes a late doorbell
 * NO_WORKER_CHECK       a worker believes a late command
 * RELEASED_IS_GENERATION  released[] tells which generation was let go, not how many uses: reuse breaks it
 * NO_RESCAN             the supervisor trusts that doorbells arrive
 * UNORDERED             frames go to the encoder as they become ready */
