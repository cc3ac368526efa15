/*
 * Descriptors that go from process to process: socket pairs, SCM_RIGHTS in both directions, and sealed memory files.
 */
#include "addon.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* The kernel's own bound on one message (SCM_MAX_FD of linux/include/net/scm.h). */
#define PASSED_MOST 253

/* socketpair(type, pair) -> 0; pair: two int32 */
static napi_value make_pair(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t type;
  Bytes pair;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[0], &type) ||
      !read_room(env, values[1], 2 * sizeof(int32_t), &pair)) {
    return NULL;
  }
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) return make_int(env, -errno);
  Addon *addon = addon_of(env);
  int32_t *out = (int32_t *)(void *)pair.data;
  out[0] = own_fd(addon, ends[0]);
  out[1] = own_fd(addon, ends[1]);
  if (out[0] >= 0 && out[1] >= 0) return make_int(env, 0);
  if (disown_fd(addon, out[0])) close(out[0]);
  if (disown_fd(addon, out[1])) close(out[1]);
  return make_int(env, -ENOMEM);
}

/* sendWithFds(fd, data, fds, count) -> bytes sent. The descriptors stay open here too. */
static napi_value send_with_fds(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int32_t fd, count;
  Bytes data, fds;
  if (!read_arguments(env, info, 4, values) || !read_int(env, values[0], &fd) || !read_bytes(env, values[1], &data) ||
      !read_bytes(env, values[2], &fds) || !read_int(env, values[3], &count)) {
    return NULL;
  }
  if (count < 0 || count > PASSED_MOST || (size_t)count * sizeof(int32_t) > fds.length || data.length == 0) return make_int(env, -EINVAL);
  _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int) * PASSED_MOST)];
  memset(control, 0, sizeof control);
  struct iovec part = {.iov_base = data.data, .iov_len = data.length};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  if (count > 0) {
    size_t size = sizeof(int) * (size_t)count;
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(rights), fds.data, size);
  }
  ssize_t sent;
  do {
    sent = sendmsg(fd, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return make_result(env, sent);
}

/*
 * recvWithFds(fd, room, most, out) -> bytes. out: [message flags, descriptors kept, descriptors closed as surplus, fd...].
 * Never takes more than `most`; what comes above that is closed at once and counted.
 */
static napi_value receive_with_fds(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int32_t fd, most;
  Bytes room, out;
  if (!read_arguments(env, info, 4, values) || !read_int(env, values[0], &fd) || !read_bytes(env, values[1], &room) ||
      !read_int(env, values[2], &most)) {
    return NULL;
  }
  if (most < 0 || most > PASSED_MOST) return make_int(env, -EINVAL);
  if (!read_room(env, values[3], (3 + (size_t)most) * sizeof(int32_t), &out)) return NULL;
  _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int) * PASSED_MOST)];
  struct iovec part = {.iov_base = room.data, .iov_len = room.length};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got;
  do {
    got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return make_int(env, -errno);

  Addon *addon = addon_of(env);
  int32_t *result = (int32_t *)(void *)out.data;
  result[0] = header.msg_flags;
  int32_t kept = 0, surplus = 0;
  for (struct cmsghdr *rights = CMSG_FIRSTHDR(&header); rights != NULL; rights = CMSG_NXTHDR(&header, rights)) {
    if (rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int passed;
      memcpy(&passed, CMSG_DATA(rights) + i * sizeof(int), sizeof passed);
      if (kept < most) {
        int32_t owned = own_fd(addon, passed);
        if (owned >= 0) {
          result[3 + kept++] = owned;
          continue;
        }
      } else {
        close(passed);
      }
      surplus++;
    }
  }
  result[1] = kept;
  result[2] = surplus;
  return make_int(env, (int32_t)got);
}

/* memfdCreate(name) -> fd that can be sealed */
static napi_value open_memfd(napi_env env, napi_callback_info info) {
  napi_value values[1];
  char name[64];
  if (!read_arguments(env, info, 1, values) || !read_text(env, values[0], name, sizeof name)) return NULL;
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return make_int(env, fd < 0 ? -errno : own_fd(addon_of(env), fd));
}

/* memfdSeals(fd, seals) -> the seals in force; 0 only asks */
static napi_value seal_memfd(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t fd, seals;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[0], &fd) || !read_int(env, values[1], &seals)) return NULL;
  if (seals != 0 && fcntl(fd, F_ADD_SEALS, seals) < 0) return make_int(env, -errno);
  return make_result(env, fcntl(fd, F_GET_SEALS));
}

bool export_passing(napi_env env, napi_value exports) {
  static const Export list[] = {
      {"socketpair", make_pair},    {"sendWithFds", send_with_fds}, {"recvWithFds", receive_with_fds},
      {"memfdCreate", open_memfd}, {"memfdSeals", seal_memfd},
  };
  return export_all(env, exports, list, sizeof list / sizeof *list);
}
