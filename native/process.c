/*
 * What a process may do and be: prctl, capabilities, namespaces, limits, scheduling, clocks, locks, interface names.
 * capset, setns, scheduling and prctl act on the calling thread only (capabilities(7)); native/process.ts says what
 * follows from that.
 */
#include "addon.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

/* prctl(option, argument2, argument3) */
static napi_value call_prctl(napi_env env, napi_callback_info info) {
  napi_value values[3];
  int32_t option;
  uint32_t second, third;
  if (!read_arguments(env, info, 3, values) || !read_int(env, values[0], &option) || !read_uint(env, values[1], &second) ||
      !read_uint(env, values[2], &third)) {
    return NULL;
  }
  return make_result(env, prctl(option, (unsigned long)second, (unsigned long)third, 0UL, 0UL));
}

/* setThreadName(name): up to 15 bytes, as ps and top show */
static napi_value set_thread_name(napi_env env, napi_callback_info info) {
  napi_value values[1];
  char name[16];
  if (!read_arguments(env, info, 1, values) || !read_text(env, values[0], name, sizeof name)) return NULL;
  return make_result(env, prctl(PR_SET_NAME, name, 0, 0, 0));
}

static bool read_sets(napi_env env, napi_callback_info info, uint32_t **sets) {
  napi_value values[1];
  Bytes bytes;
  if (!read_arguments(env, info, 1, values) || !read_room(env, values[0], 6 * sizeof(uint32_t), &bytes)) return false;
  *sets = (uint32_t *)(void *)bytes.data;
  return true;
}

/* capset(sets), capget(sets): uint32 [effective, permitted, inheritable] for capabilities 0-31, then for 32-63 */
static napi_value set_capabilities(napi_env env, napi_callback_info info) {
  uint32_t *sets;
  if (!read_sets(env, info, &sets)) return NULL;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[2] = {
      {.effective = sets[0], .permitted = sets[1], .inheritable = sets[2]},
      {.effective = sets[3], .permitted = sets[4], .inheritable = sets[5]},
  };
  return make_result(env, syscall(SYS_capset, &header, data));
}

static napi_value get_capabilities(napi_env env, napi_callback_info info) {
  uint32_t *sets;
  if (!read_sets(env, info, &sets)) return NULL;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[2];
  memset(data, 0, sizeof data);
  if (syscall(SYS_capget, &header, data) < 0) return make_int(env, -errno);
  for (int i = 0; i < 2; i++) {
    sets[i * 3] = data[i].effective;
    sets[i * 3 + 1] = data[i].permitted;
    sets[i * 3 + 2] = data[i].inheritable;
  }
  return make_int(env, 0);
}

/* setns(path, type): the calling thread enters the namespace that path names */
static napi_value enter_namespace(napi_env env, napi_callback_info info) {
  napi_value values[2];
  char path[4096];
  int32_t type;
  if (!read_arguments(env, info, 2, values) || !read_text(env, values[0], path, sizeof path) || !read_int(env, values[1], &type)) {
    return NULL;
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return make_int(env, -errno);
  int result = setns(fd, type) < 0 ? -errno : 0;
  close(fd);
  return make_int(env, result);
}

/* unshare(flags): the calling thread moves to new namespaces */
static napi_value leave_namespaces(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t flags;
  if (!read_arguments(env, info, 1, values) || !read_int(env, values[0], &flags)) return NULL;
  return make_result(env, unshare(flags));
}

/* A limit of -1 stands for RLIM_INFINITY. */
static rlim_t as_limit(double value) { return value < 0 ? RLIM_INFINITY : (rlim_t)value; }
static double from_limit(rlim_t value) { return value == RLIM_INFINITY ? -1 : (double)value; }

/* getrlimit(resource, limits), setrlimit(resource, limits): two float64, soft and hard */
static napi_value limit(napi_env env, napi_callback_info info, bool set) {
  napi_value values[2];
  int32_t resource;
  Bytes bytes;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[0], &resource) ||
      !read_room(env, values[1], 2 * sizeof(double), &bytes)) {
    return NULL;
  }
  double *limits = (double *)(void *)bytes.data;
  struct rlimit current = {0};
  if (set) {
    current.rlim_cur = as_limit(limits[0]);
    current.rlim_max = as_limit(limits[1]);
    return make_result(env, setrlimit((__rlimit_resource_t)resource, &current));
  }
  if (getrlimit((__rlimit_resource_t)resource, &current) < 0) return make_int(env, -errno);
  limits[0] = from_limit(current.rlim_cur);
  limits[1] = from_limit(current.rlim_max);
  return make_int(env, 0);
}

static napi_value read_limit(napi_env env, napi_callback_info info) { return limit(env, info, false); }
static napi_value write_limit(napi_env env, napi_callback_info info) { return limit(env, info, true); }

/* setScheduler(policy, priority): policy may hold SCHED_RESET_ON_FORK */
static napi_value set_scheduler(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t policy, priority;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[0], &policy) || !read_int(env, values[1], &priority)) return NULL;
  struct sched_param parameters = {.sched_priority = priority};
  return make_result(env, sched_setscheduler(0, policy, &parameters));
}

/* getScheduler() -> policy, with SCHED_RESET_ON_FORK */
static napi_value get_scheduler(napi_env env, napi_callback_info info) {
  (void)info;
  return make_result(env, sched_getscheduler(0));
}

/* mkfifo(path, mode) */
static napi_value make_fifo(napi_env env, napi_callback_info info) {
  napi_value values[2];
  char path[4096];
  int32_t mode;
  if (!read_arguments(env, info, 2, values) || !read_text(env, values[0], path, sizeof path) || !read_int(env, values[1], &mode)) {
    return NULL;
  }
  return make_result(env, mkfifo(path, (mode_t)mode));
}

/* flock(fd, operation) */
static napi_value lock_file(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t fd, operation;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[0], &fd) || !read_int(env, values[1], &operation)) return NULL;
  int result;
  do {
    result = flock(fd, operation);
  } while (result < 0 && errno == EINTR);
  return make_result(env, result);
}

/* interfaceIndex(name) -> index */
static napi_value interface_index(napi_env env, napi_callback_info info) {
  napi_value values[1];
  char name[64];
  if (!read_arguments(env, info, 1, values) || !read_text(env, values[0], name, sizeof name)) return NULL;
  unsigned index = if_nametoindex(name);
  return make_int(env, index == 0 ? -errno : (int32_t)index);
}

/* interfaceName(index) -> string, or minus errno */
static napi_value interface_name(napi_env env, napi_callback_info info) {
  napi_value values[1], result = NULL;
  uint32_t index;
  char name[IF_NAMESIZE];
  if (!read_arguments(env, info, 1, values) || !read_uint(env, values[0], &index)) return NULL;
  if (if_indextoname(index, name) == NULL) return make_int(env, -errno);
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &result);
  return result;
}

/* clockGettime(clock) -> milliseconds with a fraction, or a negative errno */
static napi_value read_clock(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int32_t clock;
  struct timespec time;
  if (!read_arguments(env, info, 1, values) || !read_int(env, values[0], &clock)) return NULL;
  if (clock_gettime(clock, &time) < 0) return make_double(env, -errno);
  return make_double(env, (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6);
}

bool export_process(napi_env env, napi_value exports) {
  static const Export list[] = {
      {"prctl", call_prctl},           {"setThreadName", set_thread_name}, {"capset", set_capabilities},
      {"capget", get_capabilities},    {"setns", enter_namespace},         {"unshare", leave_namespaces},
      {"getrlimit", read_limit},       {"setrlimit", write_limit},         {"setScheduler", set_scheduler},
      {"getScheduler", get_scheduler}, {"mkfifo", make_fifo},              {"flock", lock_file},
      {"interfaceIndex", interface_index}, {"interfaceName", interface_name}, {"clockGettime", read_clock},
  };
  return export_all(env, exports, list, sizeof list / sizeof *list);
}
