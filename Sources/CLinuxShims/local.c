#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/// Fills `address` for a path, or for an abstract name when it starts with '@' and `abstract_allowed`.
static int to_address(struct sockaddr_un *address, const char *path, int abstract_allowed) {
    size_t count = strlen(path);
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (count == 0) return -ENOENT;
    if (count >= sizeof address->sun_path) return -ENAMETOOLONG;
    memcpy(address->sun_path, path, count);
    if (abstract_allowed && path[0] == '@') {
        address->sun_path[0] = 0;
        return (int)(offsetof(struct sockaddr_un, sun_path) + count);
    }
    return (int)(offsetof(struct sockaddr_un, sun_path) + count + 1);
}

/// Closes `fd` and passes the error on.
static int give_up(int fd, int error) {
    close(fd);
    return -error;
}

int ipop_local_listen(const char *path, mode_t mode) {
    struct sockaddr_un address;
    int length = to_address(&address, path, 0);
    if (length < 0) return length;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    // Linux gives the socket file the mode that the unbound socket has, so it is never open to more than it should be.
    if (fchmod(fd, mode) < 0) return give_up(fd, errno);
    if (bind(fd, (struct sockaddr *)&address, (socklen_t)length) < 0) return give_up(fd, errno);
    if (listen(fd, 16) < 0) return give_up(fd, errno);
    return fd;
}

int ipop_local_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int ipop_local_set_timeouts(int fd, int milliseconds) {
    // Zero would mean for ever.
    if (milliseconds < 1) milliseconds = 1;
    struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = (milliseconds % 1000) * 1000};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0) return -errno;
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ? -errno : 0;
}

int ipop_local_connect(const char *path, int milliseconds) {
    struct sockaddr_un address;
    int length = to_address(&address, path, 0);
    if (length < 0) return length;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int error = ipop_local_set_timeouts(fd, milliseconds);
    if (error) return give_up(fd, -error);
    if (connect(fd, (struct sockaddr *)&address, (socklen_t)length) < 0) return give_up(fd, errno);
    return fd;
}

int ipop_local_peer(int fd, struct ipop_credentials *peer) {
    struct ucred found;
    socklen_t length = sizeof found;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &length) < 0) return -errno;
    *peer = (struct ipop_credentials){.process = found.pid, .user = found.uid, .group = found.gid};
    return 0;
}

ssize_t ipop_local_send(int fd, const void *bytes, size_t count) {
    ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

int ipop_local_notify(const char *path, const void *bytes, size_t count) {
    struct sockaddr_un address;
    int length = to_address(&address, path, 1);
    if (length < 0) return length;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    ssize_t sent = sendto(fd, bytes, count, MSG_NOSIGNAL, (struct sockaddr *)&address, (socklen_t)length);
    int error = sent < 0 ? errno : 0;
    close(fd);
    return -error;
}
