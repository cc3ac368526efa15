/*
 * The netlink fast path. The kernel handles a request inside sendmsg(), so its answer is queued when sendmsg() returns:
 * send a batch, then read until the last answer, without a turn of the event loop (3 us a message; by uv_poll 3.5 to 8).
 *
 * Only what is needed to know the end is read here: nlmsghdr's type and sequence (RFC 3549 section 2.3.2, linux/netlink.h).
 * Meaning is netlink/message.ts's work.
 */
#include "addon.h"

#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* The kernel fills dump datagrams up to 32 KiB when the reader offers that much; a single answer may be larger. */
#define SLOT_LEAST 32768
#define SLOT_MOST 65536

enum { INFO_FINISHED, INFO_FOREIGN, INFO_OVERRUNS, INFO_DATAGRAMS, INFO_FIELDS };

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Does this datagram hold the end (DONE, or an error or acknowledgement) of the request with this sequence number? */
static bool holds_end(const uint8_t *data, size_t length, uint32_t sequence) {
  while (length >= sizeof(struct nlmsghdr)) {
    struct nlmsghdr header;
    memcpy(&header, data, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > length) return false;
    if (header.nlmsg_seq == sequence && (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR)) return true;
    size_t step = NLMSG_ALIGN(header.nlmsg_len);
    if (step >= length) return false;
    data += step;
    length -= step;
  }
  return false;
}

/*
 * netlinkExchange(fd, request, requestLength, lastSequence, answers, timeoutMs, info) -> bytes in `answers`.
 * requestLength 0 goes on reading without sending. info: [finished, foreign datagrams dropped, overruns, datagrams].
 * Returns unfinished when `answers` has no room for another datagram, when time is out, or when, after an overrun
 * (ENOBUFS), nothing is left to read.
 */
static napi_value netlink_exchange(napi_env env, napi_callback_info info) {
  napi_value values[7];
  int32_t fd, request_length, timeout;
  uint32_t sequence;
  Bytes request, answers, report;
  if (!read_arguments(env, info, 7, values) || !read_int(env, values[0], &fd) || !read_bytes(env, values[1], &request) ||
      !read_int(env, values[2], &request_length) || !read_uint(env, values[3], &sequence) ||
      !read_room(env, values[4], SLOT_LEAST, &answers) || !read_int(env, values[5], &timeout) ||
      !read_room(env, values[6], INFO_FIELDS * sizeof(int32_t), &report)) {
    return NULL;
  }
  if (request_length < 0 || (size_t)request_length > request.length) return make_int(env, -EINVAL);
  int32_t *counts = (int32_t *)(void *)report.data;
  memset(counts, 0, INFO_FIELDS * sizeof(int32_t));

  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  if (request_length > 0) {
    ssize_t sent;
    do {
      sent = sendto(fd, request.data, (size_t)request_length, 0, (struct sockaddr *)&kernel, sizeof kernel);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return make_int(env, -errno);
  }

  const int64_t deadline = now_ms() + timeout;
  size_t used = 0;
  while (answers.length - used >= SLOT_LEAST) {
    size_t room = answers.length - used;
    struct sockaddr_nl sender = {0};
    struct iovec slot = {.iov_base = answers.data + used, .iov_len = room < SLOT_MOST ? room : SLOT_MOST};
    struct msghdr header = {.msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &slot, .msg_iovlen = 1};
    ssize_t got = recvmsg(fd, &header, MSG_DONTWAIT);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == ENOBUFS) {
        counts[INFO_OVERRUNS]++;
        continue;
      }
      if (errno != EAGAIN) return make_int(env, -errno);
      if (counts[INFO_OVERRUNS] > 0) break;
      int64_t left = deadline - now_ms();
      if (left <= 0) break;
      struct pollfd waiting = {.fd = fd, .events = POLLIN};
      if (poll(&waiting, 1, (int)left) < 0 && errno != EINTR) return make_int(env, -errno);
      continue;
    }
    if (header.msg_namelen < sizeof sender || sender.nl_family != AF_NETLINK || sender.nl_pid != 0) {
      counts[INFO_FOREIGN]++; /* another process: nothing it says is believed */
      if (now_ms() >= deadline) break;
      continue;
    }
    if (header.msg_flags & MSG_TRUNC) return make_int(env, -EMSGSIZE);
    counts[INFO_DATAGRAMS]++;
    size_t length = (size_t)got, padded = NLMSG_ALIGN(length);
    bool end = holds_end(answers.data + used, length, sequence);
    if (padded > room) padded = room;
    memset(answers.data + used + length, 0, padded - length);
    used += padded;
    if (end) {
      counts[INFO_FINISHED] = 1;
      break;
    }
  }
  return make_int(env, (int32_t)used);
}

bool export_netlink(napi_env env, napi_value exports) {
  static const Export list[] = {{"netlinkExchange", netlink_exchange}};
  return export_all(env, exports, list, sizeof list / sizeof *list);
}
