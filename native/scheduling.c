/*
 * How other processes are scheduled and limited, and which memory of this one stays in place: sched_setscheduler,
 * sched_setaffinity, prlimit, mlock2. All but mlock2 take the id of a thread; a process's id is its main thread's.
 */
#include "addon.h"

#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* A limit of -1 stands for RLIM_INFINITY. */
static rlim_t as_limit(double value) { return value < 0 ? RLIM_INFINITY : (rlim_t)value; }

/* setSchedulerOf(tid, policy, priority) */
static napi_value set_scheduler_of(napi_env env, napi_callback_info info) {
  napi_value values[3];
  int32_t tid, policy, priority;
  if (!read_arguments(env, info, 3, values) || !read_int(env, values[0], &tid) || !read_int(env, values[1], &policy) ||
      !read_int(env, values[2], &priority)) {
    return NULL;
  }
  struct sched_param parameters = {.sched_priority = priority};
  return make_result(env, sched_setscheduler(tid, policy, &parameters));
}

/* setAffinityOf(tid, mask): bit N of the mask is CPU N, lowest byte first */
static napi_value set_affinity_of(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t tid;
  Bytes mask;
  if (!read_arguments(env, info, 2, values) || !read_int(env, values[0], &tid) || !read_bytes(env, values[1], &mask)) return NULL;
  /* The kernel reads whole words. */
  unsigned long words[1024 / sizeof(unsigned long)] = {0};
  size_t length = mask.length > sizeof words ? sizeof words : mask.length;
  memcpy(words, mask.data, length);
  return make_result(env, sched_setaffinity(tid, sizeof words, (const cpu_set_t *)(const void *)words));
}

/* setLimitOf(pid, resource, soft, hard) */
static napi_value set_limit_of(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int32_t pid, resource;
  double soft, hard;
  if (!read_arguments(env, info, 4, values) || !read_int(env, values[0], &pid) || !read_int(env, values[1], &resource) ||
      !read_double(env, values[2], &soft) || !read_double(env, values[3], &hard)) {
    return NULL;
  }
  struct rlimit limit = {.rlim_cur = as_limit(soft), .rlim_max = as_limit(hard)};
  return make_result(env, prlimit(pid, (__rlimit_resource_t)resource, &limit, NULL));
}

/* lockOnFault(address, length): what is in memory of the range stays, and what comes later too */
static napi_value lock_on_fault(napi_env env, napi_callback_info info) {
  napi_value values[2];
  double address, length;
  if (!read_arguments(env, info, 2, values) || !read_double(env, values[0], &address) || !read_double(env, values[1], &length)) {
    return NULL;
  }
  return make_result(env, mlock2((const void *)(uintptr_t)address, (size_t)length, MLOCK_ONFAULT));
}

bool export_scheduling(napi_env env, napi_value exports) {
  static const Export list[] = {
      {"setSchedulerOf", set_scheduler_of},
      {"setAffinityOf", set_affinity_of},
      {"setLimitOf", set_limit_of},
      {"lockOnFault", lock_on_fault},
  };
  return export_all(env, exports, list, sizeof list / sizeof *list);
}
