#ifndef IPOP_CLINUXSHIMS_H
#define IPOP_CLINUXSHIMS_H

// What Swift cannot import from the C library and the kernel's headers: ioctl macros, control messages, GNU extensions,
// and constants that are newer than Debian 12's headers.
//
// Convention: every function returns a count, a descriptor or 0 on success and -errno on failure. None retries EINTR or
// keeps a pointer after it returns; none but `ipop_thread_start` allocates. Descriptors that are returned belong to the
// caller and are close-on-exec and, unless said otherwise, non-blocking.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// ---- events.c: epoll, timerfd, signalfd, eventfd

enum {
    IPOP_READABLE = 1,
    IPOP_WRITABLE = 2,
    IPOP_HANG_UP = 4,
    IPOP_FAULT = 8,
};

/// One ready descriptor: the token it was registered with, and IPOP_READABLE and so on.
struct ipop_event {
    uint64_t token;
    uint32_t ready;
};

/// The most events that one `ipop_poller_wait` returns.
enum { IPOP_EVENT_LIMIT = 64 };

int ipop_poller_open(void);
int ipop_poller_add(int poller, int fd, uint32_t interest, uint64_t token);
int ipop_poller_modify(int poller, int fd, uint32_t interest, uint64_t token);
int ipop_poller_remove(int poller, int fd);
/// Waits up to `milliseconds` (-1: for ever) and fills `events`, which has room for IPOP_EVENT_LIMIT.
int ipop_poller_wait(int poller, struct ipop_event *events, int milliseconds);

/// A timer on CLOCK_BOOTTIME.
int ipop_timer_open(void);
/// Arms the timer for an absolute time in nanoseconds of CLOCK_BOOTTIME; 0 disarms it.
int ipop_timer_set(int timer, uint64_t deadline_nanoseconds);

/// Blocks the signals (a zero-terminated list) in the calling thread and opens a descriptor that reads them.
int ipop_signal_open(const int *signals);
/// The next pending signal's number, or -EAGAIN.
int ipop_signal_read(int fd);

/// A counter that wakes a poller; starts at 0. `blocking` makes reads wait.
int ipop_event_open(int blocking);

// ---- udp.c: datagram trains, and connections over TCP

/// An address and a port in host byte order, as the Swift side keeps them.
struct ipop_endpoint {
    /// Upper 64 bits of a v6 address; 0 for v4.
    uint64_t high;
    /// Lower 64 bits of a v6 address; the 32 bits of a v4 address.
    uint64_t low;
    uint16_t port;
    /// 4 or 6.
    uint8_t family;
};

/// An own address and the interface that has it, as an IP header or a choice of route tells them.
struct ipop_origin {
    /// As in `ipop_endpoint`; family 0: no address.
    uint64_t high;
    uint64_t low;
    /// 0: no interface.
    uint32_t interface_index;
    uint8_t family;
};

/// What one receive brought: one datagram, or a train of equal ones (the last may be shorter) from one source.
struct ipop_datagrams {
    struct ipop_endpoint source;
    /// The own address that it was sent to, and the interface by which it came.
    struct ipop_origin local;
    uint32_t byte_count;
    /// Bytes of each datagram but the last; equals `byte_count` when nothing was coalesced.
    uint32_t segment_size;
    /// The IP header's traffic class or type of service: DSCP and ECN.
    uint8_t traffic_class;
    /// Nonzero when the buffer was too small and the rest is lost.
    uint8_t truncated;
};

/// Puts a UDP socket of `family` (4 or 6) into the state that the gateway needs before it is bound: the don't-fragment
/// bit set whatever path MTU the kernel believes in, traffic classes and own addresses delivered.
int ipop_udp_open(int family, int v6_only);
int ipop_udp_bind(int fd, int family, const struct ipop_endpoint *local);
/// The local endpoint of a bound socket.
int ipop_udp_local(int fd, struct ipop_endpoint *local);
/// Connects a throw-away socket, which is a route look-up.
int ipop_udp_connect(int fd, int family, const struct ipop_endpoint *remote);
/// The MTU of a connected socket's route.
int ipop_udp_route_mtu(int fd, int family);
/// Switches coalescing of received datagrams on or off.
int ipop_udp_set_coalescing(int fd, int on);
/// 0 when the kernel knows UDP_SEGMENT.
int ipop_udp_probe_segmentation(int fd);
/// Asks for `bytes` of socket buffer, beyond the system's limit where that is allowed.
int ipop_udp_set_buffers(int fd, int bytes);
int ipop_udp_set_mark(int fd, uint32_t mark);

/// Sends `count` bytes with one call, cut by the kernel into datagrams of `segment_size` (0: one datagram).
/// `family` is the socket's; a v4 destination on a v6 socket is mapped. The datagrams leave by the interface and from
/// the address of `from`, as far as it has them; it may be null. To v6 the interface alone counts if there is one.
ssize_t ipop_udp_send(int fd, int family, const void *bytes, size_t count, uint16_t segment_size,
                      const struct ipop_endpoint *to, uint8_t traffic_class, const struct ipop_origin *from);
/// Receives into `bytes`; returns the byte count, 0 for an empty datagram. v4-mapped sources become v4.
ssize_t ipop_udp_receive(int fd, void *bytes, size_t capacity, struct ipop_datagrams *received);

/// A listening TCP socket. The unspecified v6 address takes v4 connections too; `ipop_udp_local` tells the port.
int ipop_tcp_listen(const struct ipop_endpoint *local);
/// A socket that connects to `remote`; writable when that has ended, and `ipop_tcp_outcome` tells how.
int ipop_tcp_connect(const struct ipop_endpoint *remote);
/// 0 when a connection has been made, or why not; also any later error that has not been told yet.
int ipop_tcp_outcome(int fd);
/// The far end of a connected socket.
int ipop_tcp_remote(int fd, struct ipop_endpoint *remote);
/// Sends small segments at once (RFC 896 would wait), gives up what stays unacknowledged for so long (RFC 5482), and
/// counts as writable only while fewer than `unsent_bytes` wait to be sent for the first time.
int ipop_tcp_tune(int fd, int user_timeout_milliseconds, int unsent_bytes);

// ---- tap.c: the TAP device

enum {
    IPOP_OFFLOAD_CHECKSUM = 0x01,
    IPOP_OFFLOAD_TSO4 = 0x02,
    IPOP_OFFLOAD_TSO6 = 0x04,
    IPOP_OFFLOAD_TSO_ECN = 0x08,
    IPOP_OFFLOAD_USO4 = 0x20,
    IPOP_OFFLOAD_USO6 = 0x40,
};

/// Attaches `fd` (of /dev/net/tun) to the TAP device `name`, made when missing, single queue, with virtio headers.
int ipop_tap_attach(int fd, const char *name);
/// Sets the size of the virtio header that stands before each frame.
int ipop_tap_set_header_size(int fd, int bytes);
int ipop_tap_set_offloads(int fd, unsigned offloads);
int ipop_tap_set_persistent(int fd, int on);
int ipop_tap_set_owner(int fd, uid_t owner);
/// Bytes in wire order.
int ipop_tap_hardware_address(int fd, uint8_t address[6]);
int ipop_tap_set_hardware_address(int fd, const uint8_t address[6]);
ssize_t ipop_write_parts(int fd, const void *first, size_t first_count, const void *second, size_t second_count);

// ---- packet.c: frames of an interface, for the lab's WAN emulator

/// A frame behind its virtio-net header, which carries what offloads have left undone.
struct ipop_frame {
    void *bytes;
    /// Before receiving, the room; after it, and before sending, the bytes of header and frame.
    uint32_t byte_count;
    /// Nonzero when the room was too small and the rest is lost.
    uint32_t truncated;
};

enum {
    /// The most frames that one call moves.
    IPOP_FRAME_LIMIT = 64,
    /// Bytes of the virtio-net header before each frame.
    IPOP_FRAME_HEADER = 10,
};

/// A packet socket that receives what comes in by an interface, unless `receives` is 0, and nothing that goes out.
int ipop_packet_open(const char *interface, int buffer_bytes, int receives);
/// Receives frames that have come; returns how many.
int ipop_packet_receive(int fd, struct ipop_frame *frames, int count);
/// Sends frames; returns how many of the first ones are gone.
int ipop_packet_send(int fd, const struct ipop_frame *frames, int count);
/// How many frames had no room in the socket's buffer since the last call.
int ipop_packet_missed(int fd, uint32_t *missed);

// ---- local.c: Unix sockets

/// Binds and listens. The socket file has mode `mode` (under the process's umask) from the moment it exists.
int ipop_local_listen(const char *path, mode_t mode);
int ipop_local_accept(int listener);
/// A blocking stream socket connected to `path`, waiting at most `milliseconds` for room in the listener's queue.
int ipop_local_connect(const char *path, int milliseconds);
/// Limits how long one send or receive may wait; then it fails with -EAGAIN.
int ipop_local_set_timeouts(int fd, int milliseconds);
struct ipop_credentials {
    pid_t process;
    uid_t user;
    gid_t group;
};
int ipop_local_peer(int fd, struct ipop_credentials *peer);
ssize_t ipop_local_send(int fd, const void *bytes, size_t count);
/// Sends one datagram to a Unix socket; a leading '@' names an abstract one (sd_notify(3)).
int ipop_local_notify(const char *path, const void *bytes, size_t count);

// ---- xtables.c: the tables of iptables-legacy, of `family` 4 or 6. Needs CAP_NET_ADMIN.

/// Where a table's chains are, by hook: the first rule, and the last one, which is the policy.
struct ipop_xtables {
    uint32_t first[5];
    uint32_t policy[5];
    /// A bit for each hook that the table has.
    uint32_t hooks;
    uint32_t byte_count;
};

/// One rule. Of names `..._count` bytes are compared; 0 means any.
struct ipop_xtables_rule {
    char input[16], output[16];
    uint32_t input_count, output_count;
    /// 4 or 16 bytes each.
    uint8_t source[16], source_mask[16], destination[16], destination_mask[16];
    /// 0 means any.
    uint16_t protocol;
    /// `IPT_INV_*`: input 0x01, output 0x02, source 0x08, destination 0x10, protocol 0x40.
    uint8_t inverted;
    uint8_t is_goto;
    /// It has conditions that are not told here.
    uint8_t has_matches;
    uint32_t byte_count;
    /// Empty for the standard target, whose verdict is a place in the table, or below 0 one of the kernel's.
    char target[30];
    int32_t verdict;
    /// Of a rule that only begins a chain: its name.
    char chain[30];
};

/// The shape of a table. Asking for one that does not exist makes it.
int ipop_xtables_shape(int family, const char *table, struct ipop_xtables *shape);
/// Fills `bytes`, `ipop_xtables_head` and `byte_count` of the shape long. -EAGAIN when the table is another by now.
int ipop_xtables_read(int family, const char *table, void *bytes, size_t count);
/// Bytes before the first rule.
size_t ipop_xtables_head(void);
/// Reads the rule at `offset` of the `count` bytes of rules.
int ipop_xtables_rule(int family, const void *entries, size_t count, size_t offset, struct ipop_xtables_rule *rule);

// ---- host.c: names, randomness, namespaces, files, threads

/// GNU's further answers of getaddrinfo(3).
enum {
    IPOP_EAI_NODATA = -5,
    IPOP_EAI_ADDRFAMILY = -9,
};

int ipop_random(void *bytes, size_t count);
int ipop_namespace_enter(int fd);
/// Puts the calling thread into a new network namespace.
int ipop_namespace_create(void);
/// Brings `device` up in the calling thread's network namespace.
int ipop_interface_set_up(const char *device);
/// Opens a new file beside `path_template`, whose last six letters, `XXXXXX`, are replaced. Blocking, mode 0600.
int ipop_temporary_file(char *path_template);
/// 1 when something keeps the clock right (adjtimex(2)), 0 when nothing does.
int ipop_clock_is_synchronised(void);
/// Starts a detached thread with the caller's signal mask, or with all signals blocked.
int ipop_thread_start(void (*body)(void *), void *argument, const char *name, int blocks_signals);

#endif
