/*
 * The beginning and the end of one JavaScript environment, main thread or worker: what it is given, and what is closed
 * when it goes. It joins the other files; none of them knows this one.
 */
#include "addon.h"

#include <stdlib.h>

static void free_addon(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  Addon *addon = data;
  free(addon->owned);
  free(addon);
}

static void teardown_done(void *hook) { napi_remove_async_cleanup_hook(hook); }

/* Runs at process exit and at worker.terminate(), with the event loop still there and JavaScript gone. */
static void teardown(napi_async_cleanup_hook_handle hook, void *data) {
  Addon *addon = data;
  for (int32_t fd = 0; fd < addon->owned_size; fd++) {
    if (disown_fd(addon, fd)) close(fd);
  }
  close_readiness(addon, teardown_done, hook);
}

NAPI_MODULE_INIT() {
  Addon *addon = calloc(1, sizeof *addon);
  if (addon == NULL) {
    napi_throw_error(env, NULL, "lvsd addon: out of memory");
    return NULL;
  }
  addon->env = env;
  if (napi_set_instance_data(env, addon, free_addon, NULL) != napi_ok) {
    free(addon);
    return NULL;
  }
  if (napi_add_async_cleanup_hook(env, teardown, addon, NULL) != napi_ok) return NULL;
  if (!export_descriptors(env, exports) || !export_sockets(env, exports) ||
      !export_passing(env, exports) || !export_netlink(env, exports) || !export_readiness(env, exports) ||
      !export_process(env, exports) || !export_signals(env, exports) || !export_scheduling(env, exports) ||
      !export_link_state(env, exports)) {
    return NULL;
  }
  return exports;
}
