/*
 * What the parts of lvsd's addon share: the state of one JavaScript environment (main thread or worker), the reading of
 * arguments and the convention of results.
 *
 * Convention: a function that stands for a system call returns its result (0 or more), or minus errno. The TypeScript
 * face turns minus errno into a SystemCallError. Only a wrong argument type throws from C, because that is a mistake in
 * lvsd and not news from the kernel.
 */
#ifndef LVSD_ADDON_H
#define LVSD_ADDON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NAPI_VERSION 8

#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

typedef struct Readiness Readiness;

/* One per environment; kept as N-API instance data. */
typedef struct {
  napi_env env;
  uint8_t *owned; /* owned[fd] == 1: this environment opened or adopted fd, and closes it at its end */
  int32_t owned_size;
  int32_t owned_count;
  Readiness *readiness; /* NULL until the first watch */
} Addon;

typedef struct {
  uint8_t *data;
  size_t length; /* bytes */
} Bytes;

#define MAX_ARGUMENTS 9

Addon *addon_of(napi_env env);

/* Reads exactly `count` arguments; throws and returns false when there are fewer. */
bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);
bool read_int(napi_env env, napi_value value, int32_t *out);
bool read_uint(napi_env env, napi_value value, uint32_t *out);
bool read_double(napi_env env, napi_value value, double *out);
bool read_bool(napi_env env, napi_value value, bool *out);
/* Any typed array; null and undefined give {NULL, 0}. The memory is valid until control returns to JavaScript. */
bool read_bytes(napi_env env, napi_value value, Bytes *out);
/* Like read_bytes, but at least `least` bytes must be there. */
bool read_room(napi_env env, napi_value value, size_t least, Bytes *out);
/* A string without NUL inside, shorter than `size` bytes. */
bool read_text(napi_env env, napi_value value, char *out, size_t size);

napi_value make_int(napi_env env, int32_t value);
napi_value make_double(napi_env env, double value);
/* result < 0 ? -errno : result. Call it before anything else may change errno. */
napi_value make_result(napi_env env, long result);

/* Notes fd as owned and returns it; on lack of memory closes it and returns -ENOMEM. A negative value passes through. */
int32_t own_fd(Addon *addon, int32_t fd);
bool is_owned(const Addon *addon, int32_t fd);
/* Takes fd out of the table; false when it was not in it. */
bool disown_fd(Addon *addon, int32_t fd);

typedef struct {
  const char *name;
  napi_callback call;
} Export;

bool export_all(napi_env env, napi_value exports, const Export *list, size_t count);

bool export_descriptors(napi_env env, napi_value exports);
bool export_sockets(napi_env env, napi_value exports);
bool export_passing(napi_env env, napi_value exports);
bool export_netlink(napi_env env, napi_value exports);
bool export_readiness(napi_env env, napi_value exports);
bool export_signals(napi_env env, napi_value exports);
bool export_scheduling(napi_env env, napi_value exports);
bool export_link_state(napi_env env, napi_value exports);
bool export_process(napi_env env, napi_value exports);

/* Called once, at the end of the environment. Calls `after(data)` when the poll handle is closed (at once if none). */
void close_readiness(Addon *addon, void (*after)(void *data), void *data);

#endif
