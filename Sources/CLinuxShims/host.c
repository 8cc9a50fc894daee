#define _GNU_SOURCE
#include "CLinuxShims.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

_Static_assert(IPOP_EAI_NODATA == EAI_NODATA && IPOP_EAI_ADDRFAMILY == EAI_ADDRFAMILY, "the codes are the library's");

int ipop_random(void *bytes, size_t count) {
    size_t done = 0;
    while (done < count) {
        ssize_t got = getrandom((char *)bytes + done, count - done, 0);
        if (got < 0) return -errno;
        done += (size_t)got;
    }
    return 0;
}

int ipop_namespace_enter(int fd) { return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0; }

int ipop_namespace_create(void) { return unshare(CLONE_NEWNET) < 0 ? -errno : 0; }

int ipop_interface_set_up(const char *device) {
    struct ifreq request = {0};
    if (strlen(device) >= sizeof request.ifr_name) return -ENAMETOOLONG;
    strcpy(request.ifr_name, device);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int error = 0;
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) error = errno;
    request.ifr_flags |= IFF_UP;
    if (!error && ioctl(fd, SIOCSIFFLAGS, &request) < 0) error = errno;
    close(fd);
    return -error;
}

int ipop_clock_is_synchronised(void) {
    struct timex state = {0};
    if (adjtimex(&state) < 0) return -errno;
    return !(state.status & STA_UNSYNC);
}

int ipop_temporary_file(char *path_template) {
    int fd = mkostemp(path_template, O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

struct start {
    void (*body)(void *);
    void *argument;
    char name[16];
};

static void *run(void *raw) {
    struct start start = *(struct start *)raw;
    free(raw);
    pthread_setname_np(pthread_self(), start.name);
    start.body(start.argument);
    return NULL;
}

int ipop_thread_start(void (*body)(void *), void *argument, const char *name, int blocks_signals) {
    struct start *start = malloc(sizeof *start);
    if (!start) return -ENOMEM;
    start->body = body;
    start->argument = argument;
    strncpy(start->name, name, sizeof start->name - 1);
    start->name[sizeof start->name - 1] = 0;

    // The new thread inherits the mask.
    sigset_t all, before;
    sigfillset(&all);
    if (blocks_signals) pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, run, start);
    pthread_attr_destroy(&attributes);
    if (blocks_signals) pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) free(start);
    return -error;
}
