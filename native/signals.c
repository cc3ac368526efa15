/*
 * Signals that Node cannot listen to: the real-time ones, which keepalived uses for its JSON and statistics
 * (keepalived.md 4). Without a handler each of them ends the process.
 *
 * The handler only writes the signal's number into a pipe, which is async-signal-safe in whatever thread it runs; the
 * event loop reads it. Signal dispositions belong to the process, so there is one pipe and only the first environment
 * that asks gets it.
 */
#include "addon.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

static _Atomic int wake_fd = -1;

static void write_number(int number) {
  int saved = errno;
  uint8_t byte = (uint8_t)number;
  int fd = atomic_load(&wake_fd);
  /* A full pipe means that the loop has enough to wake for. */
  if (fd >= 0) {
    ssize_t ignored = write(fd, &byte, 1);
    (void)ignored;
  }
  errno = saved;
}

/* openSignals() -> the reading end of the pipe; EBUSY when another environment has it */
static napi_value open_signals(napi_env env, napi_callback_info info) {
  (void)info;
  int ends[2], none = -1;
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return make_int(env, -errno);
  if (!atomic_compare_exchange_strong(&wake_fd, &none, ends[1])) {
    close(ends[0]);
    close(ends[1]);
    return make_int(env, -EBUSY);
  }
  /* The writing end stays open for the life of the process: a handler may run at any moment. */
  return make_int(env, own_fd(addon_of(env), ends[0]));
}

/* catchSignal(number) */
static napi_value catch_signal(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t number;
  if (!read_arguments(env, info, 1, values) || !read_int(env, values[0], &number)) return NULL;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = write_number;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  return make_result(env, sigaction(number, &action, NULL));
}

bool export_signals(napi_env env, napi_value exports) {
  static const Export list[] = {{"openSignals", open_signals}, {"catchSignal", catch_signal}};
  return export_all(env, exports, list, sizeof list / sizeof *list);
}
