#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int result(int value) { return value < 0 ? -errno : value; }

int ipop_poller_open(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

static int control(int poller, int operation, int fd, uint32_t interest, uint64_t token) {
    struct epoll_event event = {.data = {.u64 = token}};
    if (interest & IPOP_READABLE) event.events |= EPOLLIN | EPOLLRDHUP;
    if (interest & IPOP_WRITABLE) event.events |= EPOLLOUT;
    return result(epoll_ctl(poller, operation, fd, &event));
}

int ipop_poller_add(int poller, int fd, uint32_t interest, uint64_t token) {
    return control(poller, EPOLL_CTL_ADD, fd, interest, token);
}

int ipop_poller_modify(int poller, int fd, uint32_t interest, uint64_t token) {
    return control(poller, EPOLL_CTL_MOD, fd, interest, token);
}

int ipop_poller_remove(int poller, int fd) { return control(poller, EPOLL_CTL_DEL, fd, 0, 0); }

int ipop_poller_wait(int poller, struct ipop_event *events, int milliseconds) {
    struct epoll_event found[IPOP_EVENT_LIMIT];
    int count = epoll_wait(poller, found, IPOP_EVENT_LIMIT, milliseconds);
    if (count < 0) return -errno;
    for (int index = 0; index < count; index++) {
        uint32_t bits = found[index].events;
        events[index].token = found[index].data.u64;
        events[index].ready = (bits & EPOLLIN ? IPOP_READABLE : 0) | (bits & EPOLLOUT ? IPOP_WRITABLE : 0)
            | (bits & (EPOLLHUP | EPOLLRDHUP) ? IPOP_HANG_UP : 0) | (bits & EPOLLERR ? IPOP_FAULT : 0);
    }
    return count;
}

int ipop_timer_open(void) { return result(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)); }

int ipop_timer_set(int timer, uint64_t deadline_nanoseconds) {
    struct itimerspec when = {
        .it_value = {
            .tv_sec = (time_t)(deadline_nanoseconds / 1000000000u),
            .tv_nsec = (long)(deadline_nanoseconds % 1000000000u),
        },
    };
    return result(timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL));
}

int ipop_signal_open(const int *signals) {
    sigset_t set;
    sigemptyset(&set);
    for (; *signals; signals++) sigaddset(&set, *signals);
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error) return -error;
    return result(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

int ipop_signal_read(int fd) {
    struct signalfd_siginfo info;
    ssize_t count = read(fd, &info, sizeof info);
    if (count < 0) return -errno;
    return count == sizeof info ? (int)info.ssi_signo : -EIO;
}

int ipop_event_open(int blocking) { return result(eventfd(0, EFD_CLOEXEC | (blocking ? 0 : EFD_NONBLOCK))); }
