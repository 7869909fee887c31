/* The time of day, some seconds off: for one process and its children, loaded with LD_PRELOAD.

   The seconds are a 64-bit integer in the file that WRONG_CLOCK names; who changes it sets the clock. The monotonic clock stays
   right, as on a host whose clock somebody set. The kernel's clock is right, too: so a wait until a time of day, which a program
   reckons from the wrong clock, is told to the kernel in the right one. Else a wait of a tenth of a second lasts an hour, or not
   at all, which happens on no host. (libfaketime also touches waits by the monotonic clock, and lets threads wait for
   Python's lock for half a second, or for an hour.) What is not shown: a wait that is under way when the clock is set goes on
   for as long as it was meant to. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *seconds_off;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("WRONG_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *shared = mmap(NULL, sizeof *seconds_off, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (shared != MAP_FAILED) seconds_off = shared;
}

/* The C library's own function; of pthread_cond_timedwait it has an old one, too, with another layout. */
#define THE_REAL(name, version) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlvsym(RTLD_NEXT, #name, version); \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int is_time_of_day(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

/* What the time of day is. */

int clock_gettime(clockid_t clock, struct timespec *now) {
    THE_REAL(clock_gettime, "GLIBC_2.17");
    int failed = real(clock, now);
    if (!failed && seconds_off && is_time_of_day(clock)) now->tv_sec += *seconds_off;
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise)) return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *given) {
    struct timespec precise;
    if (clock_gettime(CLOCK_REALTIME, &precise)) return (time_t)-1;
    if (given) *given = precise.tv_sec;
    return precise.tv_sec;
}

/* Waits until a time of day. */

static const struct timespec *in_right_time(clockid_t clock, const struct timespec *until, struct timespec *right) {
    if (!until || !seconds_off || !is_time_of_day(clock)) return until;
    *right = *until;
    right->tv_sec -= *seconds_off;
    if (right->tv_sec < 0) right->tv_sec = 0;
    return right;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
    THE_REAL(pthread_cond_timedwait, "GLIBC_2.3.2");
    struct timespec right;
    clockid_t clock = condition->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME; /* glibc: nptl_internal.h */
    return real(condition, mutex, in_right_time(clock, until, &right));
}

int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until) {
    THE_REAL(pthread_cond_clockwait, "GLIBC_2.34");
    struct timespec right;
    return real(condition, mutex, clock, in_right_time(clock, until, &right));
}

#define TIMED(name, kind) \
    int name(kind *restrict what, const struct timespec *restrict until) { \
        THE_REAL(name, "GLIBC_2.34"); \
        struct timespec right; \
        return real(what, in_right_time(CLOCK_REALTIME, until, &right)); \
    }
#define CLOCKED(name, kind) \
    int name(kind *restrict what, clockid_t clock, const struct timespec *restrict until) { \
        THE_REAL(name, "GLIBC_2.34"); \
        struct timespec right; \
        return real(what, clock, in_right_time(clock, until, &right)); \
    }

TIMED(sem_timedwait, sem_t)
TIMED(pthread_mutex_timedlock, pthread_mutex_t)
TIMED(pthread_rwlock_timedrdlock, pthread_rwlock_t)
TIMED(pthread_rwlock_timedwrlock, pthread_rwlock_t)
CLOCKED(sem_clockwait, sem_t)
CLOCKED(pthread_mutex_clocklock, pthread_mutex_t)
CLOCKED(pthread_rwlock_clockrdlock, pthread_rwlock_t)
CLOCKED(pthread_rwlock_clockwrlock, pthread_rwlock_t)

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left) {
    THE_REAL(clock_nanosleep, "GLIBC_2.17");
    struct timespec right;
    return real(clock, flags, flags & TIMER_ABSTIME ? in_right_time(clock, wanted, &right) : wanted, left);
}

/* Abseil and nsync, of which TensorFlow is built, ask the kernel by themselves. */
long syscall(long number, ...) {
    THE_REAL(syscall, "GLIBC_2.2.5");
    va_list arguments;
    va_start(arguments, number);
    long given[6];
    for (int i = 0; i < 6; i++) given[i] = va_arg(arguments, long);
    va_end(arguments);
    struct timespec right;
    int command = (int)given[1] & FUTEX_CMD_MASK;
    int by_day = command == FUTEX_LOCK_PI || (command == FUTEX_WAIT_BITSET && (int)given[1] & FUTEX_CLOCK_REALTIME);
    if (number == SYS_futex && by_day)
        given[3] = (long)in_right_time(CLOCK_REALTIME, (const struct timespec *)given[3], &right);
    return real(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
