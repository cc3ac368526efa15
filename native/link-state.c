/*
 * Whether a link has its carrier, asked of the device itself: the MII registers (SIOCGMIIREG), ethtool (ETHTOOL_GLINK), the
 * interface's flags (SIOCGIFFLAGS). For drivers that do not tell the kernel of a change (keepalived.md 8, linkbeat).
 */
#include "addon.h"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/mii.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { METHOD_MII, METHOD_ETHTOOL, METHOD_IOCTL };

static int mii_link(int fd, struct ifreq *request) {
  /* The kernel's MII requests lie in the union, behind the name (linux/mii.h). */
  struct mii_ioctl_data *data = (struct mii_ioctl_data *)(void *)&request->ifr_data;
  if (ioctl(fd, SIOCGMIIPHY, request) < 0) return -errno;
  int status = 0;
  /* The bit remembers a loss until it is read: the second answer is the present one. */
  for (int i = 0; i < 2; i++) {
    data->reg_num = MII_BMSR;
    if (ioctl(fd, SIOCGMIIREG, request) < 0) return -errno;
    status = data->val_out;
  }
  return (status & BMSR_LSTATUS) != 0;
}

static int ethtool_link(int fd, struct ifreq *request) {
  struct ethtool_value value = {.cmd = ETHTOOL_GLINK};
  request->ifr_data = (void *)&value;
  if (ioctl(fd, SIOCETHTOOL, request) < 0) return -errno;
  return value.data != 0;
}

static int flags_link(int fd, struct ifreq *request) {
  if (ioctl(fd, SIOCGIFFLAGS, request) < 0) return -errno;
  return (request->ifr_flags & IFF_RUNNING) != 0;
}

/* linkState(name, method: 0 MII, 1 ETHTOOL, 2 IOCTL) -> 1 with a carrier, 0 without */
static napi_value link_state(napi_env env, napi_callback_info info) {
  napi_value values[2];
  int32_t method;
  char name[64];
  if (!read_arguments(env, info, 2, values) || !read_text(env, values[0], name, sizeof name) || !read_int(env, values[1], &method)) {
    return NULL;
  }
  struct ifreq request;
  memset(&request, 0, sizeof request);
  if (strlen(name) >= sizeof request.ifr_name) return make_int(env, -ENODEV);
  memcpy(request.ifr_name, name, strlen(name));
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return make_int(env, -errno);
  int result = method == METHOD_MII ? mii_link(fd, &request)
               : method == METHOD_ETHTOOL ? ethtool_link(fd, &request)
               : method == METHOD_IOCTL ? flags_link(fd, &request)
                                        : -EINVAL;
  close(fd);
  return make_int(env, result);
}

bool export_link_state(napi_env env, napi_value exports) {
  static const Export list[] = {{"linkState", link_state}};
  return export_all(env, exports, list, sizeof list / sizeof *list);
}
