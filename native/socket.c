/*
 * Sockets that Node cannot make: any family, type and protocol, options, ancillary data, and batches by recvmmsg and
 * sendmmsg. Addresses and ancillary data arrive and leave as bytes; native/socket.ts builds and reads them.
 */
#include "addon.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH_MOST 256
#define BATCH_FIELDS 6 /* offset, length, flags, ttl, interface index, length of the sender's address */
#define SENDER_SLOT 32 /* room for sockaddr_in, _in6, _nl and _ll */
#define DESTINATION_SLOT 16
#define CONTROL_SLOT 256
#define SEND_FIELDS 4 /* offset, length, offset of the destination, length of the destination (0: connected) */

/* socket(domain, type, protocol) -> fd, close-on-exec and non-blocking */
static napi_value open_socket(napi_env env, napi_callback_info info) {
  napi_value values[3];
  int32_t domain, type, protocol;
  if (!read_arguments(env, info, 3, values) || !read_int(env, values[0], &domain) || !read_int(env, values[1], &type) ||
      !read_int(env, values[2], &protocol)) {
    return NULL;
  }
  int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  return make_int(env, fd < 0 ? -errno : own_fd(addon_of(env), fd));
}

static bool read_fd_and_address(napi_env env, napi_callback_info info, int32_t *fd, Bytes *address) {
  napi_value values[2];
  return read_arguments(env, info, 2, values) && read_int(env, values[0], fd) && read_bytes(env, values[1], address);
}

/* bind(fd, address) */
static napi_value bind_socket(napi_env env, napi_callback_info info) {
  int32_t fd;
  Bytes address;
  if (!read_fd_and_address(env, info, &fd, &address)) return NULL;
  return make_result(env, bind(fd, (struct sockaddr *)(void *)address.data, (socklen_t)address.length));
}

/* connect(fd, address) -> 0, or minus errno: -EINPROGRESS is the usual answer of a TCP socket */
static napi_value connect_socket(napi_env env, napi_callback_info info) {
  int32_t fd;
  Bytes address;
  if (!read_fd_and_address(env, info, &fd, &address)) return NULL;
  return make_result(env, connect(fd, (struct sockaddr *)(void *)address.data, (socklen_t)address.length));
}

/* listen(fd, backlog) */
static napi_value listen_socket(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t fd, backlog;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[0], &fd) || !read_int(env, values[1], &backlog)) return NULL;
  return make_result(env, listen(fd, backlog));
}

/* getsockname(fd, room), getpeername(fd, room) -> length of the address */
static napi_value name_of(napi_env env, napi_callback_info info, int (*call)(int, struct sockaddr *, socklen_t *)) {
  int32_t fd;
  Bytes room;
  if (!read_fd_and_address(env, info, &fd, &room)) return NULL;
  socklen_t length = (socklen_t)room.length;
  int result = call(fd, (struct sockaddr *)(void *)room.data, &length);
  return make_int(env, result < 0 ? -errno : (int32_t)length);
}

static int call_getsockname(int fd, struct sockaddr *address, socklen_t *length) { return getsockname(fd, address, length); }
static int call_getpeername(int fd, struct sockaddr *address, socklen_t *length) { return getpeername(fd, address, length); }
static napi_value local_name(napi_env env, napi_callback_info info) { return name_of(env, info, call_getsockname); }
static napi_value peer_name(napi_env env, napi_callback_info info) { return name_of(env, info, call_getpeername); }

/* setsockopt(fd, level, option, bytes) */
static napi_value set_option(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int32_t fd, level, option;
  Bytes value;
  if (!read_arguments(env, info, 4, values) || !read_int(env, values[0], &fd) || !read_int(env, values[1], &level) ||
      !read_int(env, values[2], &option) || !read_bytes(env, values[3], &value)) {
    return NULL;
  }
  return make_result(env, setsockopt(fd, level, option, value.data, (socklen_t)value.length));
}

/* getsockopt(fd, level, option, room) -> bytes written into room */
static napi_value get_option(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int32_t fd, level, option;
  Bytes room;
  if (!read_arguments(env, info, 4, values) || !read_int(env, values[0], &fd) || !read_int(env, values[1], &level) ||
      !read_int(env, values[2], &option) || !read_bytes(env, values[3], &room)) {
    return NULL;
  }
  socklen_t length = (socklen_t)room.length;
  int result = getsockopt(fd, level, option, room.data, &length);
  return make_int(env, result < 0 ? -errno : (int32_t)length);
}

/* sendmsg(fd, data, flags, destination|null, control|null) -> bytes sent */
static napi_value send_message(napi_env env, napi_callback_info info) {
  napi_value values[5];
  int32_t fd, flags;
  Bytes data, destination, control;
  if (!read_arguments(env, info, 5, values) || !read_int(env, values[0], &fd) || !read_bytes(env, values[1], &data) ||
      !read_int(env, values[2], &flags) || !read_bytes(env, values[3], &destination) || !read_bytes(env, values[4], &control)) {
    return NULL;
  }
  struct iovec part = {.iov_base = data.data, .iov_len = data.length};
  struct msghdr header = {.msg_name = destination.data,
                          .msg_namelen = (socklen_t)destination.length,
                          .msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = control.data,
                          .msg_controllen = control.length};
  ssize_t sent;
  do {
    sent = sendmsg(fd, &header, flags | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return make_result(env, sent);
}

/* Descriptors come in only through recvWithFds: any that arrive elsewhere would leak. */
static void close_passed(struct msghdr *header) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL; part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      close(fd);
    }
  }
}

/* recvmsg(fd, room, flags, sender|null, control|null, lengths) -> bytes; lengths: [sender, control, flags] */
static napi_value receive_message(napi_env env, napi_callback_info info) {
  napi_value values[6];
  int32_t fd, flags;
  Bytes room, sender, control, lengths;
  if (!read_arguments(env, info, 6, values) || !read_int(env, values[0], &fd) || !read_bytes(env, values[1], &room) ||
      !read_int(env, values[2], &flags) || !read_bytes(env, values[3], &sender) || !read_bytes(env, values[4], &control) ||
      !read_room(env, values[5], 3 * sizeof(int32_t), &lengths)) {
    return NULL;
  }
  struct iovec part = {.iov_base = room.data, .iov_len = room.length};
  struct msghdr header = {.msg_name = sender.data,
                          .msg_namelen = (socklen_t)sender.length,
                          .msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = control.data,
                          .msg_controllen = control.length};
  /* AF_PACKET refuses MSG_CMSG_CLOEXEC (EINVAL), and without room for ancillary data no descriptor can come. */
  int all_flags = control.length > 0 ? flags | MSG_CMSG_CLOEXEC : flags;
  ssize_t got;
  do {
    got = recvmsg(fd, &header, all_flags);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return make_int(env, -errno);
  close_passed(&header);
  int32_t *out = (int32_t *)(void *)lengths.data;
  out[0] = (int32_t)header.msg_namelen;
  out[1] = (int32_t)header.msg_controllen;
  out[2] = header.msg_flags;
  return make_int(env, (int32_t)got);
}

/* What the receive options asked for: TTL or hop limit, the interface, and the address the packet was sent to. */
static void read_control(struct msghdr *header, int32_t *ttl, int32_t *index, uint8_t *destination) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL; part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_TTL) {
      int value;
      memcpy(&value, CMSG_DATA(part), sizeof value);
      *ttl = value;
    } else if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo value;
      memcpy(&value, CMSG_DATA(part), sizeof value);
      *index = value.ipi_ifindex;
      memcpy(destination, &value.ipi_addr, sizeof value.ipi_addr);
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_HOPLIMIT) {
      int value;
      memcpy(&value, CMSG_DATA(part), sizeof value);
      *ttl = value;
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo value;
      memcpy(&value, CMSG_DATA(part), sizeof value);
      *index = (int32_t)value.ipi6_ifindex;
      memcpy(destination, &value.ipi6_addr, sizeof value.ipi6_addr);
    }
  }
  close_passed(header);
}

/*
 * recvmmsg(fd, room, slotBytes, slots, fields, senders, destinations) -> packets, without waiting.
 * fields: BATCH_FIELDS int32 a packet (ttl and index are -1 and 0 when the kernel did not tell).
 */
static napi_value receive_batch(napi_env env, napi_callback_info info) {
  napi_value values[7];
  int32_t fd, slot, slots;
  Bytes room, fields, senders, destinations;
  if (!read_arguments(env, info, 7, values) || !read_int(env, values[0], &fd) || !read_bytes(env, values[1], &room) ||
      !read_int(env, values[2], &slot) || !read_int(env, values[3], &slots)) {
    return NULL;
  }
  if (slot <= 0 || slots <= 0 || slots > BATCH_MOST || (size_t)slot * (size_t)slots > room.length) return make_int(env, -EINVAL);
  size_t count = (size_t)slots;
  if (!read_room(env, values[4], count * BATCH_FIELDS * sizeof(int32_t), &fields) ||
      !read_room(env, values[5], count * SENDER_SLOT, &senders) ||
      !read_room(env, values[6], count * DESTINATION_SLOT, &destinations)) {
    return NULL;
  }
  static _Thread_local struct mmsghdr headers[BATCH_MOST];
  static _Thread_local struct iovec parts[BATCH_MOST];
  static _Thread_local _Alignas(16) uint8_t controls[BATCH_MOST][CONTROL_SLOT];
  for (size_t i = 0; i < count; i++) {
    parts[i] = (struct iovec){.iov_base = room.data + i * (size_t)slot, .iov_len = (size_t)slot};
    headers[i].msg_hdr = (struct msghdr){.msg_name = senders.data + i * SENDER_SLOT,
                                         .msg_namelen = SENDER_SLOT,
                                         .msg_iov = &parts[i],
                                         .msg_iovlen = 1,
                                         .msg_control = controls[i],
                                         .msg_controllen = CONTROL_SLOT};
  }
  int got;
  do {
    /* Without MSG_CMSG_CLOEXEC, which AF_PACKET refuses (EINVAL): only unix sockets bring descriptors, and any that come
       here are closed before anything else is done. */
    got = recvmmsg(fd, headers, (unsigned)slots, MSG_DONTWAIT, NULL);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return make_int(env, -errno);
  memset(destinations.data, 0, (size_t)got * DESTINATION_SLOT);
  int32_t *field = (int32_t *)(void *)fields.data;
  for (int i = 0; i < got; i++, field += BATCH_FIELDS) {
    field[0] = i * slot;
    field[1] = (int32_t)headers[i].msg_len;
    field[2] = headers[i].msg_hdr.msg_flags;
    field[3] = -1;
    field[4] = 0;
    field[5] = (int32_t)headers[i].msg_hdr.msg_namelen;
    read_control(&headers[i].msg_hdr, &field[3], &field[4], destinations.data + i * DESTINATION_SLOT);
  }
  return make_int(env, got);
}

/* sendmmsg(fd, data, fields, count, destinations) -> packets sent; fields: SEND_FIELDS int32 a packet */
static napi_value send_batch(napi_env env, napi_callback_info info) {
  napi_value values[5];
  int32_t fd, count;
  Bytes data, fields, destinations;
  if (!read_arguments(env, info, 5, values) || !read_int(env, values[0], &fd) || !read_bytes(env, values[1], &data) ||
      !read_bytes(env, values[2], &fields) || !read_int(env, values[3], &count) || !read_bytes(env, values[4], &destinations)) {
    return NULL;
  }
  if (count <= 0 || count > BATCH_MOST || (size_t)count * SEND_FIELDS * sizeof(int32_t) > fields.length) return make_int(env, -EINVAL);
  static _Thread_local struct mmsghdr headers[BATCH_MOST];
  static _Thread_local struct iovec parts[BATCH_MOST];
  const int32_t *field = (const int32_t *)(const void *)fields.data;
  for (int32_t i = 0; i < count; i++, field += SEND_FIELDS) {
    if (field[0] < 0 || field[1] < 0 || (size_t)field[0] + (size_t)field[1] > data.length) return make_int(env, -EINVAL);
    if (field[2] < 0 || field[3] < 0 || (size_t)field[2] + (size_t)field[3] > destinations.length) return make_int(env, -EINVAL);
    parts[i] = (struct iovec){.iov_base = data.data + field[0], .iov_len = (size_t)field[1]};
    headers[i].msg_hdr = (struct msghdr){.msg_name = field[3] > 0 ? destinations.data + field[2] : NULL,
                                         .msg_namelen = (socklen_t)field[3],
                                         .msg_iov = &parts[i],
                                         .msg_iovlen = 1};
  }
  int sent;
  do {
    sent = sendmmsg(fd, headers, (unsigned)count, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return make_result(env, sent);
}

bool export_sockets(napi_env env, napi_value exports) {
  static const Export list[] = {
      {"socket", open_socket},      {"bind", bind_socket},       {"connect", connect_socket}, {"listen", listen_socket},
      {"getsockname", local_name},  {"getpeername", peer_name},  {"setsockopt", set_option},  {"getsockopt", get_option},
      {"sendmsg", send_message},    {"recvmsg", receive_message}, {"recvmmsg", receive_batch}, {"sendmmsg", send_batch},
  };
  return export_all(env, exports, list, sizeof list / sizeof *list);
}
