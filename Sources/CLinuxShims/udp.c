#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
// linux/in6.h, which glibc's netinet/in.h does not go together with.
#ifndef IPV6_ADDR_PREFERENCES
#define IPV6_ADDR_PREFERENCES 72
#endif
#ifndef IPV6_PREFER_SRC_PUBLIC
#define IPV6_PREFER_SRC_PUBLIC 0x0002
#endif

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static uint64_t load64(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int index = 0; index < 8; index++) value = value << 8 | bytes[index];
    return value;
}

static void store64(uint8_t *bytes, uint64_t value) {
    for (int index = 7; index >= 0; index--, value >>= 8) bytes[index] = (uint8_t)value;
}

/// The socket address of `endpoint` for a socket of `family`; its length, or -EAFNOSUPPORT for v6 on a v4 socket.
static int to_address(union address *address, int family, const struct ipop_endpoint *endpoint) {
    memset(address, 0, sizeof *address);
    if (family == 4) {
        if (endpoint->family != 4) return -EAFNOSUPPORT;
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(endpoint->port);
        address->v4.sin_addr.s_addr = htonl((uint32_t)endpoint->low);
        return sizeof address->v4;
    }
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(endpoint->port);
    int mapped = endpoint->family == 4;
    store64(address->v6.sin6_addr.s6_addr, mapped ? 0 : endpoint->high);
    store64(address->v6.sin6_addr.s6_addr + 8,
            mapped ? UINT64_C(0x0000ffff00000000) | (uint32_t)endpoint->low : endpoint->low);
    return sizeof address->v6;
}

static void from_address(struct ipop_endpoint *endpoint, const union address *address) {
    memset(endpoint, 0, sizeof *endpoint);
    if (address->any.sa_family == AF_INET) {
        endpoint->family = 4;
        endpoint->low = ntohl(address->v4.sin_addr.s_addr);
        endpoint->port = ntohs(address->v4.sin_port);
        return;
    }
    endpoint->high = load64(address->v6.sin6_addr.s6_addr);
    endpoint->low = load64(address->v6.sin6_addr.s6_addr + 8);
    endpoint->port = ntohs(address->v6.sin6_port);
    endpoint->family = 6;
    if (endpoint->high == 0 && endpoint->low >> 32 == 0xffff) {
        endpoint->family = 4;
        endpoint->low &= 0xffffffff;
    }
}

static int set(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

int ipop_udp_open(int family, int v6_only) {
    int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
    if (fd < 0) return -errno;
    int error = 0;
    if (family == 6) {
        error = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6_only);
        if (!error) error = set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
        if (!error) error = set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
        if (!error) error = set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        // Addresses that change every day are nothing to be found by (RFC 5014, RFC 8981).
        if (!error) error = set(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, IPV6_PREFER_SRC_PUBLIC);
    }
    // A v6 socket that also serves v4 takes the v4 options for its v4 traffic.
    if (!error && (family == 4 || !v6_only)) {
        error = set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
        if (!error) error = set(fd, IPPROTO_IP, IP_RECVTOS, 1);
        // A v6 socket has told it already, for both.
        if (!error && family == 4) error = set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    }
    if (!error) return fd;
    close(fd);
    return error;
}

int ipop_udp_bind(int fd, int family, const struct ipop_endpoint *local) {
    union address address;
    int length = to_address(&address, family, local);
    // The unspecified v4 address on a v6 socket would be ::ffff:0.0.0.0, which takes no v6 traffic.
    if (family == 6 && local->family == 4 && local->low == 0) address.v6.sin6_addr = in6addr_any;
    if (length < 0) return length;
    return bind(fd, &address.any, (socklen_t)length) < 0 ? -errno : 0;
}

int ipop_udp_local(int fd, struct ipop_endpoint *local) {
    union address address;
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) < 0) return -errno;
    from_address(local, &address);
    return 0;
}

int ipop_udp_connect(int fd, int family, const struct ipop_endpoint *remote) {
    union address address;
    int length = to_address(&address, family, remote);
    if (length < 0) return length;
    return connect(fd, &address.any, (socklen_t)length) < 0 ? -errno : 0;
}

int ipop_udp_route_mtu(int fd, int family) {
    int mtu = 0;
    socklen_t length = sizeof mtu;
    int failed = family == 4 ? getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &length)
                             : getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &length);
    return failed ? -errno : mtu;
}

int ipop_udp_set_coalescing(int fd, int on) { return set(fd, IPPROTO_UDP, UDP_GRO, on); }

int ipop_udp_probe_segmentation(int fd) {
    int size = 0;
    socklen_t length = sizeof size;
    return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, &length) < 0 ? -errno : 0;
}

int ipop_udp_set_buffers(int fd, int bytes) {
    int error = 0;
    if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes)) error = set(fd, SOL_SOCKET, SO_RCVBUF, bytes);
    if (!error && set(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes)) error = set(fd, SOL_SOCKET, SO_SNDBUF, bytes);
    return error;
}

int ipop_udp_set_mark(int fd, uint32_t mark) { return set(fd, SOL_SOCKET, SO_MARK, (int)mark); }

/// Appends a control message to `message`, whose buffer has room, and returns where its data goes.
static void *append(struct msghdr *message, int level, int type, size_t size) {
    struct cmsghdr *header = (struct cmsghdr *)((char *)message->msg_control + message->msg_controllen);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(size);
    message->msg_controllen += CMSG_SPACE(size);
    return CMSG_DATA(header);
}

static void append_origin(struct msghdr *message, int family, const struct ipop_origin *from) {
    if (family == 4) {
        struct in_pktinfo info = {.ipi_ifindex = (int)from->interface_index};
        if (from->family == 4) info.ipi_spec_dst.s_addr = htonl((uint32_t)from->low);
        memcpy(append(message, IPPROTO_IP, IP_PKTINFO, sizeof info), &info, sizeof info);
        return;
    }
    struct in6_pktinfo info = {.ipi6_ifindex = from->interface_index};
    // Given both, the kernel takes the interface for a preference only, and a better route by another one wins. Given
    // the interface alone it keeps to that, and takes the source from there.
    if (from->family == 6 && !from->interface_index) {
        store64(info.ipi6_addr.s6_addr, from->high);
        store64(info.ipi6_addr.s6_addr + 8, from->low);
    }
    memcpy(append(message, IPPROTO_IPV6, IPV6_PKTINFO, sizeof info), &info, sizeof info);
}

ssize_t ipop_udp_send(int fd, int family, const void *bytes, size_t count, uint16_t segment_size,
                      const struct ipop_endpoint *to, uint8_t traffic_class, const struct ipop_origin *from) {
    union address address;
    int length = to_address(&address, family, to);
    if (length < 0) return length;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(int)) +
                                          CMSG_SPACE(sizeof(struct in6_pktinfo))];
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = (socklen_t)length, .msg_iov = &part, .msg_iovlen = 1,
        .msg_control = control,
    };
    if (segment_size) {
        memcpy(append(&message, IPPROTO_UDP, UDP_SEGMENT, sizeof segment_size), &segment_size, sizeof segment_size);
    }
    if (traffic_class) {
        int value = traffic_class;
        void *data = to->family == 4 ? append(&message, IPPROTO_IP, IP_TOS, sizeof value)
                                     : append(&message, IPPROTO_IPV6, IPV6_TCLASS, sizeof value);
        memcpy(data, &value, sizeof value);
    }
    if (from && (from->family || from->interface_index)) append_origin(&message, to->family, from);
    if (!message.msg_controllen) message.msg_control = NULL;
    ssize_t sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

ssize_t ipop_udp_receive(int fd, void *bytes, size_t capacity, struct ipop_datagrams *received) {
    union address address;
    struct iovec part = {.iov_base = bytes, .iov_len = capacity};
    _Alignas(struct cmsghdr) char control[256];
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1,
        .msg_control = control, .msg_controllen = sizeof control,
    };
    ssize_t count = recvmsg(fd, &message, MSG_DONTWAIT);
    if (count < 0) return -errno;
    from_address(&received->source, &address);
    memset(&received->local, 0, sizeof received->local);
    received->byte_count = (uint32_t)count;
    received->segment_size = (uint32_t)count;
    received->traffic_class = 0;
    received->truncated = (message.msg_flags & MSG_TRUNC) != 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO) {
            int size = 0;
            memcpy(&size, CMSG_DATA(header), sizeof size);
            if (size > 0 && size < count) received->segment_size = (uint32_t)size;
        } else if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TOS) {
            received->traffic_class = *CMSG_DATA(header);
        } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_TCLASS) {
            int value = 0;
            memcpy(&value, CMSG_DATA(header), sizeof value);
            received->traffic_class = (uint8_t)value;
        } else if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            // The address to answer from: of a broadcast it is not the one that it was sent to.
            received->local.low = ntohl(info.ipi_spec_dst.s_addr);
            received->local.interface_index = (uint32_t)info.ipi_ifindex;
            received->local.family = 4;
        } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            union address local = {.v6 = {.sin6_family = AF_INET6, .sin6_addr = info.ipi6_addr}};
            struct ipop_endpoint own;
            from_address(&own, &local);
            received->local = (struct ipop_origin){
                .high = own.high, .low = own.low, .interface_index = info.ipi6_ifindex, .family = own.family,
            };
        }
    }
    return count;
}

int ipop_tcp_listen(const struct ipop_endpoint *local) {
    union address address;
    int length = to_address(&address, local->family, local);
    if (length < 0) return length;
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) return -errno;
    // Connections of the last run that still wait out their time must not keep this one from the port.
    int error = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    // Whatever the system's default is.
    if (!error && local->family == 6) error = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (!error && bind(fd, &address.any, (socklen_t)length) < 0) error = -errno;
    if (!error && listen(fd, 128) < 0) error = -errno;
    if (!error) return fd;
    close(fd);
    return error;
}

int ipop_tcp_connect(const struct ipop_endpoint *remote) {
    union address address;
    int length = to_address(&address, remote->family, remote);
    if (length < 0) return length;
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) return -errno;
    if (connect(fd, &address.any, (socklen_t)length) == 0 || errno == EINPROGRESS) return fd;
    int error = -errno;
    close(fd);
    return error;
}

int ipop_tcp_outcome(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
    return -error;
}

int ipop_tcp_remote(int fd, struct ipop_endpoint *remote) {
    union address address;
    socklen_t length = sizeof address;
    if (getpeername(fd, &address.any, &length) < 0) return -errno;
    from_address(remote, &address);
    return 0;
}

int ipop_tcp_tune(int fd, int user_timeout_milliseconds, int unsent_bytes) {
    int error = set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (!error) error = set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout_milliseconds);
    if (!error) error = set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent_bytes);
    return error;
}
