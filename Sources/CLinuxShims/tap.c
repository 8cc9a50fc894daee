#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

// Newer than Debian 12's headers (Linux 6.2).
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

_Static_assert(IPOP_OFFLOAD_CHECKSUM == TUN_F_CSUM, "offload bits are the kernel's");
_Static_assert(IPOP_OFFLOAD_TSO4 == TUN_F_TSO4, "offload bits are the kernel's");
_Static_assert(IPOP_OFFLOAD_TSO6 == TUN_F_TSO6, "offload bits are the kernel's");
_Static_assert(IPOP_OFFLOAD_TSO_ECN == TUN_F_TSO_ECN, "offload bits are the kernel's");
_Static_assert(IPOP_OFFLOAD_USO4 == TUN_F_USO4, "offload bits are the kernel's");
_Static_assert(IPOP_OFFLOAD_USO6 == TUN_F_USO6, "offload bits are the kernel's");

static int control(int fd, unsigned long request, void *argument) {
    return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

int ipop_tap_attach(int fd, const char *name) {
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    if (strlen(name) >= sizeof request.ifr_name) return -ENAMETOOLONG;
    strcpy(request.ifr_name, name);
    return control(fd, TUNSETIFF, &request);
}

int ipop_tap_set_header_size(int fd, int bytes) { return control(fd, TUNSETVNETHDRSZ, &bytes); }

int ipop_tap_set_offloads(int fd, unsigned offloads) {
    return ioctl(fd, TUNSETOFFLOAD, (unsigned long)offloads) < 0 ? -errno : 0;
}

int ipop_tap_set_persistent(int fd, int on) {
    return ioctl(fd, TUNSETPERSIST, (unsigned long)on) < 0 ? -errno : 0;
}

int ipop_tap_set_owner(int fd, uid_t owner) {
    return ioctl(fd, TUNSETOWNER, (unsigned long)owner) < 0 ? -errno : 0;
}

int ipop_tap_hardware_address(int fd, uint8_t address[6]) {
    struct ifreq request = {0};
    int error = control(fd, SIOCGIFHWADDR, &request);
    if (!error) memcpy(address, request.ifr_hwaddr.sa_data, 6);
    return error;
}

int ipop_tap_set_hardware_address(int fd, const uint8_t address[6]) {
    struct ifreq request = {0};
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, address, 6);
    return control(fd, SIOCSIFHWADDR, &request);
}

ssize_t ipop_write_parts(int fd, const void *first, size_t first_count, const void *second, size_t second_count) {
    struct iovec parts[2] = {
        {.iov_base = (void *)first, .iov_len = first_count},
        {.iov_base = (void *)second, .iov_len = second_count},
    };
    ssize_t count = writev(fd, parts, 2);
    return count < 0 ? -errno : count;
}
