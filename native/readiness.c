/*
 * Readiness of descriptors in the event loop: one epoll descriptor under one uv_poll per environment, and timerfd.
 *
 * Nested, because a uv_poll on the socket itself stops at EPOLLERR (libuv calls it UV_EBADF), and because one uv_poll
 * for thousands of sockets costs less than thousands. All watches are level triggered. An exception thrown by a
 * callback reaches process.on('uncaughtException'), and the callbacks behind it are called all the same.
 */
#include "addon.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <uv.h>

#define EVENTS_PER_TURN 256
#define FIELDS_PER_EVENT 3 /* fd, generation, epoll events */

struct Readiness {
  uv_poll_t poll;
  napi_env env;
  int epoll_fd;
  napi_ref dispatch;
  napi_ref events; /* Int32Array of EVENTS_PER_TURN * FIELDS_PER_EVENT */
  void (*after_close)(void *data);
  void *after_close_data;
};

static void on_ready(uv_poll_t *poll, int status, int what) {
  (void)what;
  Readiness *readiness = poll->data;
  napi_env env = readiness->env;
  if (status < 0) uv_poll_start(poll, UV_READABLE, on_ready); /* libuv has stopped the handle: go on */

  struct epoll_event ready[EVENTS_PER_TURN];
  int count = epoll_wait(readiness->epoll_fd, ready, EVENTS_PER_TURN, 0);
  if (count <= 0) return;

  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value dispatch, events, global, argument, ignored;
  napi_typedarray_type kind;
  size_t length = 0;
  void *data = NULL;
  if (napi_get_reference_value(env, readiness->dispatch, &dispatch) == napi_ok && dispatch != NULL &&
      napi_get_reference_value(env, readiness->events, &events) == napi_ok && events != NULL &&
      napi_get_typedarray_info(env, events, &kind, &length, &data, NULL, NULL) == napi_ok &&
      length >= EVENTS_PER_TURN * FIELDS_PER_EVENT) {
    int32_t *field = data;
    for (int i = 0; i < count; i++) {
      *field++ = (int32_t)(ready[i].data.u64 & 0xffffffffu);
      *field++ = (int32_t)(ready[i].data.u64 >> 32);
      *field++ = (int32_t)ready[i].events;
    }
    napi_get_global(env, &global);
    napi_create_int32(env, count, &argument);
    /* After an exception dispatch goes on with the event behind the one that threw: epoll reports in the same order
       again and again, so that a callback that always throws would starve those behind it. */
    for (int calls = 0; calls <= count; calls++) {
      if (napi_make_callback(env, NULL, global, dispatch, 1, &argument, &ignored) != napi_pending_exception) break;
      napi_value thrown;
      if (napi_get_and_clear_last_exception(env, &thrown) != napi_ok) break;
      napi_fatal_exception(env, thrown);
    }
  }
  napi_close_handle_scope(env, scope);
}

/* readinessOpen(dispatch, events): once per environment. dispatch(count) is called with `events` filled. */
static napi_value readiness_open(napi_env env, napi_callback_info info) {
  napi_value values[2];
  Bytes events;
  if (!read_arguments(env, info, 2, values) ||
      !read_room(env, values[1], EVENTS_PER_TURN * FIELDS_PER_EVENT * sizeof(int32_t), &events)) {
    return NULL;
  }
  Addon *addon = addon_of(env);
  if (addon->readiness != NULL) return make_int(env, -EALREADY);
  Readiness *readiness = calloc(1, sizeof *readiness);
  if (readiness == NULL) return make_int(env, -ENOMEM);
  readiness->env = env;
  readiness->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (readiness->epoll_fd < 0) {
    int error = errno;
    free(readiness);
    return make_int(env, -error);
  }
  uv_loop_t *loop = NULL;
  int failed = napi_get_uv_event_loop(env, &loop) == napi_ok ? uv_poll_init(loop, &readiness->poll, readiness->epoll_fd) : UV_EINVAL;
  if (failed != 0) {
    close(readiness->epoll_fd);
    free(readiness);
    return make_int(env, failed); /* libuv's codes are minus errno on Linux */
  }
  readiness->poll.data = readiness;
  addon->readiness = readiness;
  if (napi_create_reference(env, values[0], 1, &readiness->dispatch) != napi_ok ||
      napi_create_reference(env, values[1], 1, &readiness->events) != napi_ok) {
    return make_int(env, -ENOMEM);
  }
  uv_unref((uv_handle_t *)&readiness->poll);
  return make_int(env, uv_poll_start(&readiness->poll, UV_READABLE, on_ready));
}

/* readinessKeepAlive(on): whether the watch set keeps the process alive. */
static napi_value readiness_keep_alive(napi_env env, napi_callback_info info) {
  napi_value values[1];
  bool on;
  if (!read_arguments(env, info, 1, values) || !read_bool(env, values[0], &on)) return NULL;
  Readiness *readiness = addon_of(env)->readiness;
  if (readiness == NULL) return make_int(env, -EBADF);
  if (on) {
    uv_ref((uv_handle_t *)&readiness->poll);
  } else {
    uv_unref((uv_handle_t *)&readiness->poll);
  }
  return make_int(env, 0);
}

/* readinessControl(operation, fd, events, generation): epoll_ctl. */
static napi_value readiness_control(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int32_t operation, fd;
  uint32_t events, generation;
  if (!read_arguments(env, info, 4, values) || !read_int(env, values[0], &operation) || !read_int(env, values[1], &fd) ||
      !read_uint(env, values[2], &events) || !read_uint(env, values[3], &generation)) {
    return NULL;
  }
  Readiness *readiness = addon_of(env)->readiness;
  if (readiness == NULL) return make_int(env, -EBADF);
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)generation << 32 | (uint32_t)fd};
  return make_result(env, epoll_ctl(readiness->epoll_fd, operation, fd, &event));
}

static void on_closed(uv_handle_t *handle) {
  Readiness *readiness = handle->data;
  void (*after)(void *) = readiness->after_close;
  void *data = readiness->after_close_data;
  close(readiness->epoll_fd);
  free(readiness);
  after(data);
}

void close_readiness(Addon *addon, void (*after)(void *data), void *data) {
  Readiness *readiness = addon->readiness;
  addon->readiness = NULL;
  if (readiness == NULL) {
    after(data);
    return;
  }
  readiness->after_close = after;
  readiness->after_close_data = data;
  uv_close((uv_handle_t *)&readiness->poll, on_closed);
}

/* timerfdCreate(clock) -> fd, non-blocking */
static napi_value timerfd_open(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t clock;
  if (!read_arguments(env, info, 1, values) || !read_int(env, values[0], &clock)) return NULL;
  int fd = timerfd_create(clock, TFD_CLOEXEC | TFD_NONBLOCK);
  return make_int(env, fd < 0 ? -errno : own_fd(addon_of(env), fd));
}

static struct timespec as_timespec(double ms) {
  struct timespec time = {.tv_sec = (time_t)(ms / 1000)};
  time.tv_nsec = (long)((ms - (double)time.tv_sec * 1000) * 1e6);
  if (time.tv_nsec < 0) time.tv_nsec = 0;
  if (time.tv_nsec > 999999999) time.tv_nsec = 999999999;
  return time;
}

/* timerfdSet(fd, flags, firstMs, intervalMs): flags as TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET; firstMs 0 disarms. */
static napi_value timerfd_set(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int32_t fd, flags;
  double first, interval;
  if (!read_arguments(env, info, 4, values) || !read_int(env, values[0], &fd) || !read_int(env, values[1], &flags) ||
      !read_double(env, values[2], &first) || !read_double(env, values[3], &interval)) {
    return NULL;
  }
  if (!(first >= 0 && first < 1e15 && interval >= 0 && interval < 1e15)) return make_int(env, -EINVAL);
  struct itimerspec wanted = {.it_value = as_timespec(first), .it_interval = as_timespec(interval)};
  return make_result(env, timerfd_settime(fd, flags, &wanted, NULL));
}

/* timerfdRead(fd) -> expirations since the last read, or minus errno (EAGAIN: none; ECANCELED: the clock was set) */
static napi_value timerfd_take(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t fd;
  if (!read_arguments(env, info, 1, values) || !read_int(env, values[0], &fd)) return NULL;
  uint64_t expirations = 0;
  if (read(fd, &expirations, sizeof expirations) < 0) return make_int(env, -errno);
  return make_int(env, expirations > INT32_MAX ? INT32_MAX : (int32_t)expirations);
}

bool export_readiness(napi_env env, napi_value exports) {
  static const Export list[] = {
      {"readinessOpen", readiness_open},       {"readinessKeepAlive", readiness_keep_alive},
      {"readinessControl", readiness_control}, {"timerfdCreate", timerfd_open},
      {"timerfdSet", timerfd_set},             {"timerfdRead", timerfd_take},
  };
  return export_all(env, exports, list, sizeof list / sizeof *list);
}
