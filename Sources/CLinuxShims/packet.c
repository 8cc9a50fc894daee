#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

static int set(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

int ipop_packet_open(const char *interface, int buffer_bytes, int receives) {
    unsigned index = if_nametoindex(interface);
    if (!index) return -errno;
    // Protocol 0: nothing is received before the socket is bound to its interface.
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int error = set(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
    if (!error) error = set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    if (!error) error = set(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
    if (!error) error = set(fd, SOL_SOCKET, SO_RCVBUFFORCE, buffer_bytes);
    if (!error) error = set(fd, SOL_SOCKET, SO_SNDBUFFORCE, buffer_bytes);
    struct packet_mreq promiscuous = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
    if (!error && setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) < 0)
        error = -errno;
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = receives ? htons(ETH_P_ALL) : 0, .sll_ifindex = (int)index,
    };
    if (!error && bind(fd, (struct sockaddr *)&address, sizeof address) < 0) error = -errno;
    if (!error) return fd;
    close(fd);
    return error;
}

/// The message headers for frames: as many as there are, at most IPOP_FRAME_LIMIT.
static unsigned prepare(struct mmsghdr *messages, struct iovec *parts, const struct ipop_frame *frames, int count) {
    unsigned limit = count < IPOP_FRAME_LIMIT ? (unsigned)count : IPOP_FRAME_LIMIT;
    for (unsigned index = 0; index < limit; index++) {
        parts[index] = (struct iovec){.iov_base = frames[index].bytes, .iov_len = frames[index].byte_count};
        messages[index] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[index], .msg_iovlen = 1}};
    }
    return limit;
}

int ipop_packet_receive(int fd, struct ipop_frame *frames, int count) {
    struct mmsghdr messages[IPOP_FRAME_LIMIT];
    struct iovec parts[IPOP_FRAME_LIMIT];
    unsigned limit = prepare(messages, parts, frames, count);
    int received = recvmmsg(fd, messages, limit, MSG_DONTWAIT, NULL);
    if (received < 0) return -errno;
    for (int index = 0; index < received; index++) {
        frames[index].byte_count = messages[index].msg_len;
        frames[index].truncated = (messages[index].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    }
    return received;
}

int ipop_packet_send(int fd, const struct ipop_frame *frames, int count) {
    struct mmsghdr messages[IPOP_FRAME_LIMIT];
    struct iovec parts[IPOP_FRAME_LIMIT];
    unsigned limit = prepare(messages, parts, frames, count);
    int sent = sendmmsg(fd, messages, limit, MSG_DONTWAIT);
    return sent < 0 ? -errno : sent;
}

int ipop_packet_missed(int fd, uint32_t *missed) {
    struct tpacket_stats statistics;
    socklen_t length = sizeof statistics;
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &length) < 0) return -errno;
    *missed = statistics.tp_drops;
    return 0;
}
