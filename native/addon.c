/*
 * lvsd's one N-API addon: what Node has no call for (netlink and raw sockets, marks and devices, ancillary data,
 * descriptor passing, epoll under one uv_poll, timerfd, scheduling, capabilities, namespaces). Policy lives in
 * TypeScript; this is system calls only.
 *
 * This file: arguments, results, and the table of owned descriptors, which all other files use. Sockets are in socket.c,
 * descriptor passing and memfd in passing.c, the netlink fast path in netlink.c, epoll and timerfd in readiness.c, the
 * process in process.c, real-time signals in signals.c; module.c joins them. Built by one cc line from the .c files of
 * this folder.
 */
#include "addon.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

Addon *addon_of(napi_env env) {
  void *data = NULL;
  napi_get_instance_data(env, &data);
  return data;
}

/* ---- arguments and results ---- */

bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t got = count;
  if (napi_get_cb_info(env, info, &got, values, NULL, NULL) != napi_ok) return false;
  if (got >= count) return true;
  napi_throw_type_error(env, NULL, "lvsd addon: too few arguments");
  return false;
}

bool read_int(napi_env env, napi_value value, int32_t *out) {
  if (napi_get_value_int32(env, value, out) == napi_ok) return true;
  napi_throw_type_error(env, NULL, "lvsd addon: a number was expected");
  return false;
}

bool read_uint(napi_env env, napi_value value, uint32_t *out) {
  if (napi_get_value_uint32(env, value, out) == napi_ok) return true;
  napi_throw_type_error(env, NULL, "lvsd addon: a number was expected");
  return false;
}

bool read_double(napi_env env, napi_value value, double *out) {
  if (napi_get_value_double(env, value, out) == napi_ok) return true;
  napi_throw_type_error(env, NULL, "lvsd addon: a number was expected");
  return false;
}

bool read_bool(napi_env env, napi_value value, bool *out) {
  if (napi_get_value_bool(env, value, out) == napi_ok) return true;
  napi_throw_type_error(env, NULL, "lvsd addon: a boolean was expected");
  return false;
}

bool read_bytes(napi_env env, napi_value value, Bytes *out) {
  out->data = NULL;
  out->length = 0;
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok) return false;
  if (type == napi_null || type == napi_undefined) return true;
  bool typed = false;
  napi_is_typedarray(env, value, &typed);
  if (typed) {
    napi_typedarray_type kind;
    size_t length = 0;
    void *data = NULL;
    if (napi_get_typedarray_info(env, value, &kind, &length, &data, NULL, NULL) == napi_ok) {
      size_t width = 1;
      switch (kind) {
        case napi_int16_array:
        case napi_uint16_array: width = 2; break;
        case napi_int32_array:
        case napi_uint32_array:
        case napi_float32_array: width = 4; break;
        case napi_float64_array:
        case napi_bigint64_array:
        case napi_biguint64_array: width = 8; break;
        default: width = 1;
      }
      out->data = data;
      out->length = length * width;
      return true;
    }
  }
  napi_throw_type_error(env, NULL, "lvsd addon: a typed array or null was expected");
  return false;
}

bool read_room(napi_env env, napi_value value, size_t least, Bytes *out) {
  if (!read_bytes(env, value, out)) return false;
  if (out->length >= least) return true;
  napi_throw_range_error(env, NULL, "lvsd addon: a typed array is too short");
  return false;
}

bool read_text(napi_env env, napi_value value, char *out, size_t size) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "lvsd addon: a string was expected");
    return false;
  }
  if (length >= size || napi_get_value_string_utf8(env, value, out, size, &length) != napi_ok || strlen(out) != length) {
    napi_throw_range_error(env, NULL, "lvsd addon: a string is too long or holds a NUL");
    return false;
  }
  return true;
}

napi_value make_int(napi_env env, int32_t value) {
  napi_value result = NULL;
  napi_create_int32(env, value, &result);
  return result;
}

napi_value make_double(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

napi_value make_result(napi_env env, long result) { return make_int(env, result < 0 ? -errno : (int32_t)result); }

/* ---- owned descriptors ---- */

int32_t own_fd(Addon *addon, int32_t fd) {
  if (fd < 0) return fd;
  if (fd >= addon->owned_size) {
    int32_t size = fd + 64 + fd / 2;
    uint8_t *grown = realloc(addon->owned, (size_t)size);
    if (grown == NULL) {
      close(fd);
      return -ENOMEM;
    }
    memset(grown + addon->owned_size, 0, (size_t)(size - addon->owned_size));
    addon->owned = grown;
    addon->owned_size = size;
  }
  if (addon->owned[fd] == 0) addon->owned_count++;
  addon->owned[fd] = 1;
  return fd;
}

bool is_owned(const Addon *addon, int32_t fd) { return fd >= 0 && fd < addon->owned_size && addon->owned[fd] == 1; }

bool disown_fd(Addon *addon, int32_t fd) {
  if (!is_owned(addon, fd)) return false;
  addon->owned[fd] = 0;
  addon->owned_count--;
  return true;
}

/* closeFd(fd): -EBADF when this environment does not own fd, which is then left alone. */
static napi_value close_owned(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t fd;
  if (!read_arguments(env, info, 1, values) || !read_int(env, values[0], &fd)) return NULL;
  if (!disown_fd(addon_of(env), fd)) return make_int(env, -EBADF);
  /* Linux frees the descriptor even when close reports EINTR or EIO: never a second close. */
  return make_result(env, close(fd));
}

/* releaseFd(fd): somebody else (a net.Socket) closes it from now on. */
static napi_value release_owned(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t fd;
  if (!read_arguments(env, info, 1, values) || !read_int(env, values[0], &fd)) return NULL;
  return make_int(env, disown_fd(addon_of(env), fd) ? 0 : -EBADF);
}

/* adoptFd(fd): an inherited descriptor becomes ours, close-on-exec. -EEXIST when it is ours already. */
static napi_value adopt(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t fd;
  if (!read_arguments(env, info, 1, values) || !read_int(env, values[0], &fd)) return NULL;
  Addon *addon = addon_of(env);
  if (is_owned(addon, fd)) return make_int(env, -EEXIST);
  int flags = fcntl(fd, F_GETFD);
  if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0) return make_int(env, -errno);
  return make_int(env, own_fd(addon, fd));
}

/* ownsFd(fd): 1 or 0. With -1: how many are owned. */
static napi_value owns(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t fd;
  if (!read_arguments(env, info, 1, values) || !read_int(env, values[0], &fd)) return NULL;
  Addon *addon = addon_of(env);
  return make_int(env, fd < 0 ? addon->owned_count : is_owned(addon, fd));
}

/* setNonBlocking(fd, on) */
static napi_value set_non_blocking(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t fd;
  bool on;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[0], &fd) || !read_bool(env, values[1], &on)) return NULL;
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return make_int(env, -errno);
  return make_result(env, fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

/* ---- names in JavaScript ---- */

bool export_all(napi_env env, napi_value exports, const Export *list, size_t count) {
  for (size_t i = 0; i < count; i++) {
    napi_value function;
    if (napi_create_function(env, list[i].name, NAPI_AUTO_LENGTH, list[i].call, NULL, &function) != napi_ok) return false;
    if (napi_set_named_property(env, exports, list[i].name, function) != napi_ok) return false;
  }
  return true;
}

bool export_descriptors(napi_env env, napi_value exports) {
  static const Export list[] = {
      {"closeFd", close_owned}, {"releaseFd", release_owned},      {"adoptFd", adopt},
      {"ownsFd", owns},         {"setNonBlocking", set_non_blocking},
  };
  return export_all(env, exports, list, sizeof list / sizeof *list);
}
