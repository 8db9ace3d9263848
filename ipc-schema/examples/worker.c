/* A Sluice worker in plain C11: a filter of pictures (put your own into `process`), or a decoder of synthetic frames.
 *   cc -std=c11 -O2 worker.c -lzmq -o worker
 *   ./worker --role filter [--filter NAME] [--socket PATH]
 *   ./worker --role decoder [--size 64x64] [--socket PATH]
 * A launch file starts it by itself (workers.filters, see ../../launch/filter.json5): then socket, token and name of the filter
 * stand in the environment. Everything it relies on is in ../SPEC.md and the two headers.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "../sluice_ipc.h"
#include "../sluice_plan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define LOAD(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define MAX_STREAMS 64u

static uint32_t width = 64, height = 64;
static sluice_welcome welcome;
static const sluice_control *control;      /* read-only */
static const sluice_slot *slots;
static const sluice_plan *plan;            /* read-only; NULL: not handed over */
static uint8_t *payload[SLUICE_MAX_RINGS]; /* NULL: not handed to this role */
static uint32_t ring_epoch[SLUICE_MAX_RINGS];
static sluice_lease *lease;                /* ours alone */
static uint32_t *done, *released;
static void *bus;

/* Slots granted and not yet filled, and streams that are open. */
static uint32_t granted[SLUICE_MAX_SLOTS], granted_stream[SLUICE_MAX_SLOTS];
static struct { int open; uint32_t stream; int64_t next, end; } streams[MAX_STREAMS];

static void fail(const char *what) {
  fprintf(stderr, "worker: %s\n", what);
  exit(69);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* ---- attach ---- */

/* One packet of exactly `bytes`, and its descriptor or -1. */
static int receive(int link, void *packet, size_t bytes) {
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } ancillary;
  struct iovec part = {packet, bytes};
  struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof ancillary};
  ssize_t n = recvmsg(link, &m, MSG_CMSG_CLOEXEC);
  if (n == 0) exit(0); /* EOF: the supervisor is gone, and so are we */
  if (n != (ssize_t)bytes || m.msg_flags & MSG_TRUNC) fail("a packet of the wrong size");
  int fd = -1;
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(c), sizeof fd);
  return fd;
}

static void map_region(const sluice_region *r, int fd) {
  if (r->kind < SLUICE_REGION_CONTROL || r->kind > SLUICE_REGION_RING) { /* of a later minor */
    if (fd >= 0) close(fd);
    return;
  }
  void *p = mmap(NULL, r->bytes, PROT_READ | (r->writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
  if (p == MAP_FAILED) fail("cannot map a region");
  close(fd);
  if (r->kind == SLUICE_REGION_CONTROL) control = p;
  if (r->kind == SLUICE_REGION_LEASE) lease = p;
  if (r->kind == SLUICE_REGION_PLAN && r->bytes >= sizeof *plan) plan = p;
  if (r->kind == SLUICE_REGION_RING && r->ring < SLUICE_MAX_RINGS) payload[r->ring] = p, ring_epoch[r->ring] = r->epoch;
}

static void prepare_lease(void) {
  lease->worker = welcome.worker;
  lease->slot_count = control->slot_count;
  lease->done_offset = sizeof *lease;
  lease->released_offset = sizeof *lease + 4 * (uint64_t)control->slot_count;
  done = (uint32_t *)((char *)lease + lease->done_offset);
  released = (uint32_t *)((char *)lease + lease->released_offset);
  STORE(&lease->magic, SLUICE_MAGIC_LEASE); /* last: now it is ready */
}

/* FNV-1a, 64 bits, of the name of the filter; no name: any filter. */
static uint64_t filter_key(const char *name) {
  uint64_t key = 0xcbf29ce484222325ull;
  for (const char *c = name; *c; c++) key = (key ^ (uint8_t)*c) * 0x100000001b3ull;
  return *name ? key : 0;
}

static int attach(const char *path, uint32_t role, const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) fail("the socket's path is too long");
  strcpy(address.sun_path, path);
  int link = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (link < 0 || connect(link, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");

  const char *token = getenv("SLUICE_TOKEN");
  sluice_hello hello = {.magic = SLUICE_MAGIC_HELLO, .abi_major = SLUICE_ABI_MAJOR, .abi_minor = SLUICE_ABI_MINOR,
                        .role = role, .token = token ? strtoull(token, NULL, 0) : 0, .filter = filter_key(name)};
  if (send(link, &hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello) fail("cannot say hello");
  receive(link, &welcome, sizeof welcome);
  if (welcome.magic != SLUICE_MAGIC_HELLO) fail("that is no supervisor");
  if (welcome.status == 1 || welcome.abi_major != SLUICE_ABI_MAJOR) fail("refused: version");
  if (welcome.status) fail(welcome.status == 2 ? "refused: role" : welcome.status == 3 ? "refused: full" : "refused: token");
  if (welcome.worker >= SLUICE_MAX_WORKERS || !memchr(welcome.endpoint, 0, sizeof welcome.endpoint)) fail("a bad welcome");

  for (uint32_t i = 0; i < welcome.region_count; i++) {
    sluice_region region;
    int fd = receive(link, &region, sizeof region);
    map_region(&region, fd);
  }
  if (!control || LOAD(&control->magic) != SLUICE_MAGIC_CONTROL || control->slot_count > SLUICE_MAX_SLOTS) fail("no control region");
  if (!lease) fail("no lease");
  slots = (const sluice_slot *)((const char *)control + control->slot_offset);
  prepare_lease();
  return link;
}

static void connect_bus(void) {
  uint8_t id[5] = {'W', (uint8_t)welcome.worker, (uint8_t)(welcome.worker >> 8), 0, 0};
  int linger = 0, unlimited = 0; /* credit bounds the queues, never a high-water mark */
  bus = zmq_socket(zmq_ctx_new(), ZMQ_DEALER);
  zmq_setsockopt(bus, ZMQ_ROUTING_ID, id, sizeof id);
  zmq_setsockopt(bus, ZMQ_LINGER, &linger, sizeof linger);
  zmq_setsockopt(bus, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
  zmq_setsockopt(bus, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
  if (zmq_connect(bus, welcome.endpoint) != 0) fail("cannot connect to the bus");
}

static void post(sluice_message *m, size_t count) {
  for (size_t i = 0; i < count; i++) m[i].worker = (uint16_t)welcome.worker;
  zmq_send(bus, m, count * sizeof *m, 0);
}

/* ---- slots ---- */

/* The slot's memory if it is at `generation` in the expected state, granted to us or held by us; else NULL (stale). */
static uint8_t *slot_memory(uint32_t slot, uint32_t generation, unsigned state) {
  if (slot >= control->slot_count || slots[slot].ring >= SLUICE_MAX_RINGS) return NULL;
  uint64_t word = LOAD(&slots[slot].word); /* pairs with the supervisor's store: what went before is visible */
  if (word >> 32 != generation || (word & 0xff) != state) return NULL;
  if (state == SLUICE_SLOT_GRANTED && (word >> 8 & 0xff) != welcome.worker) return NULL;
  if (state == SLUICE_SLOT_READY && !(LOAD(&slots[slot].holders) >> welcome.worker & 1)) return NULL;
  const sluice_ring *ring = (const sluice_ring *)((const char *)control + control->ring_offset) + slots[slot].ring;
  if (!payload[slots[slot].ring] || ring->epoch != ring_epoch[slots[slot].ring]) return NULL;
  return payload[slots[slot].ring] + (slot - ring->first_slot) * ring->slot_bytes;
}

static uint64_t slot_bytes(uint32_t slot) {
  return ((const sluice_ring *)((const char *)control + control->ring_offset) + slots[slot].ring)->slot_bytes;
}

static sluice_message about(unsigned type, uint32_t slot, uint32_t generation) {
  return (sluice_message){.type = (uint16_t)type, .ring_epoch = ring_epoch[slots[slot].ring], .slot = slot, .generation = generation};
}

/* Truth first, doorbell second. `held`: a codec would still read the picture for a while; we let it go at once. */
static void publish(uint32_t slot, uint32_t generation, sluice_message m, int held) {
  STORE(&done[slot], generation);
  m.arg = (uint64_t)held;
  m.count = 1;
  __atomic_fetch_add(&lease->frames, 1, __ATOMIC_RELAXED);
  post(&m, 1);
  if (!held) return;
  sluice_message r = about(SLUICE_MSG_RELEASE, slot, generation);
  r.stream = m.stream, r.count = 1;
  STORE(&released[slot], released[slot] + 1);
  post(&r, 1);
}

/* ---- decoder: a gradient that moves by one sample a frame, 8-bit 4:2:0 ---- */

static void draw(uint8_t *memory, int64_t number) {
  uint32_t cw = (width + 1) / 2, ch = (height + 1) / 2, at = SLUICE_FRAME_BYTES;
  sluice_frame f = {.magic = SLUICE_MAGIC_FRAME, .format = SLUICE_FORMAT(SLUICE_FAMILY_YUV, 8, 1, 1, 0), .width = width,
                    .height = height, .sar_num = 1, .sar_den = 1, .matrix = 1, .primaries = 1, .transfer = 1,
                    .plane_count = 3, .pts_num = number, .pts_den = 30, .number = number};
  for (uint32_t p = 0; p < 3; p++) {
    uint32_t w = p ? cw : width, h = p ? ch : height, stride = (w + SLUICE_PLANE_ALIGN - 1) / SLUICE_PLANE_ALIGN * SLUICE_PLANE_ALIGN;
    f.plane[p] = (sluice_plane){.offset = at, .stride = stride};
    for (uint32_t y = 0; y < h; y++)
      for (uint32_t x = 0; x < w; x++)
        memory[at + y * stride + x] = (uint8_t)(p == 0 ? x + y + number : p == 1 ? number : 255 - number);
    at += stride * h;
  }
  memcpy(memory, &f, sizeof f);
}

static uint64_t picture_bytes(void) {
  uint64_t w = (width + 63) / 64 * 64, cw = ((width + 1) / 2 + 63) / 64 * 64;
  return SLUICE_FRAME_BYTES + w * height + 2 * cw * ((height + 1) / 2);
}

/* Ends a stream: after END none of its slots is written, granted or not. */
static void end_stream(uint32_t i) {
  sluice_message end = {.type = SLUICE_MSG_END, .stream = streams[i].stream, .frame = streams[i].next};
  streams[i].open = 0;
  for (uint32_t s = 0; s < control->slot_count; s++)
    if (granted_stream[s] == streams[i].stream) granted[s] = 0;
  post(&end, 1);
}

static void decode(void) {
  for (uint32_t i = 0; i < MAX_STREAMS; i++) {
    for (uint32_t s = 0; streams[i].open && s < control->slot_count && streams[i].next < streams[i].end; s++) {
      uint32_t generation = granted[s];
      if (!generation || granted_stream[s] != streams[i].stream) continue;
      granted[s] = 0;
      uint8_t *memory = slot_memory(s, generation, SLUICE_SLOT_GRANTED);
      if (!memory) continue;
      if (picture_bytes() > slot_bytes(s)) fail("--size does not fit the slots");
      draw(memory, streams[i].next);
      sluice_message m = about(SLUICE_MSG_DONE, s, generation);
      m.stream = streams[i].stream, m.frame = streams[i].next++;
      publish(s, generation, m, 1);
    }
    if (streams[i].open && streams[i].next >= streams[i].end) end_stream(i);
  }
}

static void grant(const sluice_message *m) {
  if (!slot_memory(m->slot, m->generation, SLUICE_SLOT_GRANTED) || done[m->slot] == m->generation) return; /* stale, repeated */
  granted[m->slot] = m->generation;
  granted_stream[m->slot] = m->stream;
}

static uint32_t find_stream(uint32_t stream) {
  uint32_t i = 0;
  while (i < MAX_STREAMS && !(streams[i].open && streams[i].stream == stream)) i++;
  return i;
}

static void open_stream(const sluice_message *m) {
  if (find_stream(m->stream) < MAX_STREAMS) return; /* repeated */
  for (uint32_t i = 0; i < MAX_STREAMS; i++)
    if (!streams[i].open) {
      streams[i].open = 1, streams[i].stream = m->stream;
      streams[i].next = m->frame, streams[i].end = (int64_t)m->arg2;
      return;
    }
  fail("too many streams");
}

static void close_stream(const sluice_message *m) {
  uint32_t i = find_stream(m->stream);
  if (i < MAX_STREAMS) end_stream(i);
}

/* ---- filter: from one slot into another ---- */

/* A picture in a slot: its header, and where each plane lies. */
typedef struct picture {
  sluice_frame head;
  unsigned depth, bytes, alpha, planes; /* bits and bytes of a sample; 1 if the last plane is alpha; how many planes */
  uint8_t *plane[SLUICE_MAX_PLANES];
} picture;

static uint32_t plane_width(const picture *p, unsigned plane) {
  unsigned chroma = (p->head.format & 15) == SLUICE_FAMILY_YUV && (plane == 1 || plane == 2) ? p->head.format >> 10 & 3 : 0;
  return (p->head.width + (1u << chroma) - 1) >> chroma;
}
static uint32_t plane_height(const picture *p, unsigned plane) {
  unsigned chroma = (p->head.format & 15) == SLUICE_FAMILY_YUV && (plane == 1 || plane == 2) ? p->head.format >> 12 & 3 : 0;
  return (p->head.height + (1u << chroma) - 1) >> chroma;
}

/* YOUR FILTER: reads the planes of `in`, writes all of those of `out`. The same picture and parameters (JSON) must give the
 * same result, whoever computes it. This one inverts, {"planes": [0]} only those planes; alpha stays. */
static void process(const picture *in, const picture *out, const char *parameters, int64_t frame) {
  (void)frame;
  const char *list = strstr(parameters, "\"planes\"");
  list = list ? strchr(list, '[') : NULL;
  for (unsigned p = 0; p < in->planes; p++) {
    int inverted = p + in->alpha < in->planes;
    if (list) {
      const char *digit = list;
      while (*digit && *digit != ']' && *digit != (char)('0' + p)) digit++;
      inverted &= *digit == (char)('0' + p);
    }
    uint16_t peak = (uint16_t)((1u << in->depth) - 1);
    for (uint32_t y = 0; y < plane_height(in, p); y++) {
      const uint8_t *from = in->plane[p] + (size_t)y * in->head.plane[p].stride;
      uint8_t *to = out->plane[p] + (size_t)y * out->head.plane[p].stride;
      uint32_t width = plane_width(in, p);
      if (!inverted) memcpy(to, from, (size_t)width * in->bytes);
      else if (in->bytes == 1) for (uint32_t x = 0; x < width; x++) to[x] = (uint8_t)(peak - from[x]);
      else for (uint32_t x = 0; x < width; x++) ((uint16_t *)to)[x] = (uint16_t)(peak - ((const uint16_t *)from)[x]);
    }
  }
}

/* Planes lie inside the slot: never trust a header, it comes from another process. 0: it does not hold. */
static int locate(picture *p, uint8_t *memory, uint64_t bytes) {
  uint32_t format = p->head.format, family = format & 15;
  p->depth = format >> 4 & 63, p->bytes = p->depth > 8 ? 2 : 1, p->alpha = format >> 14 & 1;
  p->planes = (family == SLUICE_FAMILY_GRAY ? 1 : 3) + p->alpha;
  if (p->head.magic != SLUICE_MAGIC_FRAME || format >> 15 || family > SLUICE_FAMILY_RGB || p->depth < 1 || p->depth > 16) return 0;
  if (p->head.plane_count != p->planes || p->head.width - 1 > 65535 || p->head.height - 1 > 65535) return 0;
  for (unsigned i = 0; i < p->planes; i++) {
    uint64_t row = (uint64_t)plane_width(p, i) * p->bytes, at = p->head.plane[i].offset, stride = p->head.plane[i].stride;
    if (stride < row || at < SLUICE_FRAME_BYTES || at >= bytes || at % p->bytes || stride % p->bytes) return 0;
    if (at + stride * (plane_height(p, i) - 1) + row > bytes) return 0;
    p->plane[i] = memory + at;
  }
  return 1;
}

/* A picture of the same kind, its planes one after another in `memory`. */
static int lay_out(picture *out, const picture *in, uint8_t *memory, uint64_t bytes) {
  *out = *in;
  uint64_t at = SLUICE_FRAME_BYTES;
  for (unsigned p = 0; p < in->planes; p++) {
    uint32_t row = plane_width(in, p) * in->bytes, stride = (row + SLUICE_PLANE_ALIGN - 1) / SLUICE_PLANE_ALIGN * SLUICE_PLANE_ALIGN;
    out->head.plane[p] = (sluice_plane){.offset = at, .stride = stride};
    at += (uint64_t)stride * plane_height(in, p);
  }
  return locate(out, memory, bytes);
}

/* Parameters of a filter record of the plan, zero-terminated; "{}" where there is none. */
static const char *parameters_of(uint64_t number) {
  static char text[65537];
  static uint64_t known = UINT64_MAX;
  if (number == known) return text;
  strcpy(text, "{}");
  known = number;
  if (!plan || plan->magic != SLUICE_PLAN_MAGIC || plan->version != SLUICE_PLAN_VERSION || number >= plan->filter_count) return text;
  const sluice_plan_filter *record = (const sluice_plan_filter *)((const char *)plan + plan->filter_offset) + number;
  if (record->parameters.bytes >= sizeof text) return text;
  memcpy(text, (const char *)plan + plan->text_offset + record->parameters.offset, record->parameters.bytes);
  text[record->parameters.bytes] = 0;
  return text;
}

/* A line for the user, and the end of the render: this picture cannot be filtered. */
static void refuse(const sluice_message *m, const char *why) {
  uint64_t number = lease->text_count;
  snprintf(lease->text[number % SLUICE_TEXT_COUNT], SLUICE_TEXT_BYTES, "%s", why);
  STORE(&lease->text_count, number + 1);
  sluice_message failure = {.type = SLUICE_MSG_FAIL, .frame = m->frame, .stream = m->stream, .job = m->job, .arg = number, .count = 70};
  post(&failure, 1);
}

static void filter(const sluice_message *m) {
  uint8_t *from = slot_memory(m->slot, m->generation, SLUICE_SLOT_READY); /* read-only memory */
  uint8_t *to = slot_memory(m->slot2, m->generation2, SLUICE_SLOT_GRANTED);
  if (!from || !to || done[m->slot2] == m->generation2) return; /* stale or repeated */
  uint64_t start = now_ns();
  picture in, out;
  memcpy(&in.head, from, sizeof in.head);
  if (!locate(&in, from, slot_bytes(m->slot))) return refuse(m, "not a picture that this filter can read");
  if (!lay_out(&out, &in, to, slot_bytes(m->slot2))) return refuse(m, "the picture does not fit its slot");
  process(&in, &out, parameters_of(m->arg), m->frame);
  memcpy(to, &out.head, sizeof out.head);
  __atomic_fetch_add(&lease->busy_ns, now_ns() - start, __ATOMIC_RELAXED);
  sluice_message reply = about(SLUICE_MSG_DONE, m->slot2, m->generation2);
  reply.frame = m->frame, reply.stream = m->stream, reply.job = m->job;
  publish(m->slot2, m->generation2, reply, 0); /* a job that is done has let go of its input, too */
}

/* ---- loop ---- */

/* 0 when the run is over. */
static int handle(const sluice_message *m) {
  switch (m->type) {
    case SLUICE_MSG_GRANT: grant(m); break;
    case SLUICE_MSG_OPEN: open_stream(m); break;
    case SLUICE_MSG_CLOSE: close_stream(m); break;
    case SLUICE_MSG_FILTER: filter(m); break;
    case SLUICE_MSG_QUIT: return 0;
    default: break; /* of a later minor */
  }
  decode();
  return 1;
}

int main(int argc, char **argv) {
  const char *path = getenv("SLUICE_SOCKET"), *name = getenv("SLUICE_FILTER"), *role = name ? "filter" : "decoder";
  if (!name) name = "";
  int wrong = argc % 2 == 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--socket")) path = argv[i + 1];
    else if (!strcmp(argv[i], "--role")) role = argv[i + 1];
    else if (!strcmp(argv[i], "--filter")) name = argv[i + 1];
    else if (strcmp(argv[i], "--size") || sscanf(argv[i + 1], "%ux%u", &width, &height) != 2) wrong = 1;
  }
  int filters = !strcmp(role, "filter");
  if (!path || wrong || (!filters && strcmp(role, "decoder")) || width - 1 > 65535 || height - 1 > 65535) {
    fprintf(stderr, "usage: worker --socket PATH --role decoder|filter [--filter NAME] [--size 64x64]\n");
    return 2;
  }
  int link = attach(path, filters ? SLUICE_ROLE_FILTER : SLUICE_ROLE_DECODER, name);
  connect_bus();
  sluice_message ready = {.type = SLUICE_MSG_READY, .arg = welcome.epoch};
  post(&ready, 1);

  for (;;) {
    __atomic_store_n(&lease->heartbeat, now_ns(), __ATOMIC_RELAXED);
    zmq_pollitem_t items[2] = {{.socket = bus, .events = ZMQ_POLLIN}, {.fd = link, .events = ZMQ_POLLIN}};
    if (zmq_poll(items, 2, 250) < 0) continue;
    if (items[1].revents) {
      sluice_region later; /* what this connection brings later is for encoders; its end is the supervisor's */
      int fd = receive(link, &later, sizeof later);
      if (fd >= 0) close(fd);
    }
    static sluice_message batch[SLUICE_MAX_SLOTS];
    int n;
    while ((n = zmq_recv(bus, batch, sizeof batch, ZMQ_DONTWAIT)) >= 0)
      for (int i = 0; i < n / 64 && i < (int)SLUICE_MAX_SLOTS; i++)
        if (!handle(&batch[i])) return 0;
  }
}
