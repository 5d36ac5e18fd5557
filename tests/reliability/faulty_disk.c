/* A disk that fails when it is told to: loaded before the C library (LD_PRELOAD), it counts the calls by which a program
 * changes what lies in one folder, and at one of them kills the program or lets the call fail. See faulty_disk.py. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* The order of faulty_disk.WAYS. */
enum { KILL, TORN, ONCE, FULL, DEAD };

enum { GO = 0, HALF_AND_DIE = -1, HALF = -2 }; /* what verdict() says; above 0 it is an errno */

static char folder[PATH_MAX], only[PATH_MAX];
static size_t folder_length;
static long at, made;
static int way, error, report;
static int armed;

void faulty_disk_arm(const char *of, const char *which, long number, int how, int with, int to)
{
    armed = 0;
    snprintf(folder, sizeof folder, "%s", of);
    snprintf(only, sizeof only, "%s", which);
    folder_length = strlen(folder);
    at = number;
    way = how;
    error = with;
    report = to;
    made = 0;
    armed = 1;
}

void faulty_disk_disarm(void) { armed = 0; }

long faulty_disk_made(void) { return made; }

static void die(void)
{
    syscall(SYS_kill, (long)getpid(), (long)SIGKILL);
    for (;;)
        pause();
}

/* Whether it is one of the calls that are meant: "rename /store/shards/..." with that beginning where a * ends it. */
static int is_meant(const char *call, const char *path)
{
    char said[PATH_MAX + 100];
    size_t length = strlen(only);
    snprintf(said, sizeof said, "%s %s", call, path);
    if (length > 0 && only[length - 1] == '*')
        return strncmp(said, only, length - 1) == 0;
    return length == 0 || strcmp(said, only) == 0;
}

/* What becomes of a call. Of what needs no room, a full disk lets everything through. */
static int verdict(const char *call, const char *path, int needs_room)
{
    if (!armed || strncmp(path, folder, folder_length) != 0 || (path[folder_length] != '/' && path[folder_length] != 0))
        return GO;
    if (made < at && !is_meant(call, path + folder_length))
        return GO; /* once it has happened, all calls count */
    long now = __atomic_add_fetch(&made, 1, __ATOMIC_SEQ_CST);
    if (at == 0 || (at > 0 && now < at))
        return GO;
    if (at < 0 || now == at) {
        char line[PATH_MAX + 100];
        int length = snprintf(line, sizeof line, "{\"hit\": \"%s\", \"path\": \"%s\"}\n", call, path + folder_length);
        syscall(SYS_write, (long)report, line, (long)length);
    }
    if (at < 0)
        return GO;
    switch (way) {
    case KILL:
        die();
        return GO;
    case TORN:
        return HALF_AND_DIE;
    case ONCE:
        return now == at ? error : GO;
    case FULL:
        return !needs_room ? GO : now == at ? HALF : error;
    default:
        return error;
    }
}

static int verdict_on(const char *call, int fd, int needs_room)
{
    if (!armed)
        return GO;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, (long)AT_FDCWD, link, path, (long)sizeof path - 1);
    if (length < 0)
        return GO;
    path[length] = 0;
    return verdict(call, path, needs_room);
}

/* A call that is done or not: half of it cannot be. */
#define WHOLE(said, done)                                                                                              \
    do {                                                                                                               \
        int says = (said);                                                                                             \
        if (says > 0 || says == HALF) {                                                                                \
            errno = says > 0 ? says : error;                                                                           \
            return -1;                                                                                                 \
        }                                                                                                              \
        long result = (done);                                                                                          \
        if (says == HALF_AND_DIE)                                                                                      \
            die();                                                                                                     \
        return result;                                                                                                 \
    } while (0)

/* A call that writes `length` bytes: the half of them is at least one. */
#define BYTES(said, length, done)                                                                                      \
    do {                                                                                                               \
        int says = (said);                                                                                             \
        if (says > 0 || (says == HALF && (length) < 2)) {                                                              \
            errno = says > 0 ? says : error;                                                                           \
            return -1;                                                                                                 \
        }                                                                                                              \
        size_t part = says == GO ? (size_t)(length) : (size_t)(length) / 2;                                            \
        long result = (done);                                                                                          \
        if (says == HALF_AND_DIE)                                                                                      \
            die();                                                                                                     \
        return result;                                                                                                 \
    } while (0)

static int opened(int where, const char *path, int flags, mode_t mode)
{
    struct stat about;
    if ((flags & (O_ACCMODE | O_CREAT | O_TRUNC)) == O_RDONLY)
        return syscall(SYS_openat, (long)where, path, (long)flags, (long)mode);
    int is_new = (flags & O_CREAT) && fstatat(where, path, &about, 0) != 0;
    WHOLE(verdict("open", path, is_new), syscall(SYS_openat, (long)where, path, (long)flags, (long)mode));
}

#define MODE(flags)                                                                                                    \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & O_CREAT) {                                                                                           \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode = va_arg(more, mode_t);                                                                                   \
        va_end(more);                                                                                                  \
    }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int where, const char *path, int flags, ...) { MODE(flags) return opened(where, path, flags, mode); }
int openat64(int where, const char *path, int flags, ...) { MODE(flags) return opened(where, path, flags, mode); }

ssize_t write(int fd, const void *data, size_t length)
{
    BYTES(verdict_on("write", fd, 1), length, syscall(SYS_write, (long)fd, data, part));
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t place)
{
    BYTES(verdict_on("pwrite", fd, 1), length, syscall(SYS_pwrite64, (long)fd, data, part, place));
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t place)
{
    BYTES(verdict_on("pwrite", fd, 1), length, syscall(SYS_pwrite64, (long)fd, data, part, place));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    int some = count;
    BYTES(verdict_on("writev", fd, 1), some, syscall(SYS_writev, (long)fd, parts, part));
}

ssize_t sendfile(int to, int from, off_t *place, size_t length)
{
    BYTES(verdict_on("sendfile", to, 1), length, syscall(SYS_sendfile, (long)to, (long)from, place, part));
}

ssize_t sendfile64(int to, int from, off64_t *place, size_t length)
{
    BYTES(verdict_on("sendfile", to, 1), length, syscall(SYS_sendfile, (long)to, (long)from, place, part));
}

int fsync(int fd) { WHOLE(verdict_on("fsync", fd, 0), syscall(SYS_fsync, (long)fd)); }
int fdatasync(int fd) { WHOLE(verdict_on("fdatasync", fd, 0), syscall(SYS_fdatasync, (long)fd)); }
int ftruncate(int fd, off_t size) { WHOLE(verdict_on("ftruncate", fd, 0), syscall(SYS_ftruncate, (long)fd, size)); }
int ftruncate64(int fd, off64_t size) { WHOLE(verdict_on("ftruncate", fd, 0), syscall(SYS_ftruncate, (long)fd, size)); }

int fallocate(int fd, int mode, off_t from, off_t size)
{
    WHOLE(verdict_on("fallocate", fd, 1), syscall(SYS_fallocate, (long)fd, (long)mode, from, size));
}

int rename(const char *from, const char *to)
{
    WHOLE(verdict("rename", to, 0), syscall(SYS_renameat2, (long)AT_FDCWD, from, (long)AT_FDCWD, to, 0L));
}

int unlink(const char *path) { WHOLE(verdict("unlink", path, 0), syscall(SYS_unlinkat, (long)AT_FDCWD, path, 0L)); }
int rmdir(const char *path)
{
    WHOLE(verdict("rmdir", path, 0), syscall(SYS_unlinkat, (long)AT_FDCWD, path, (long)AT_REMOVEDIR));
}

int mkdir(const char *path, mode_t mode)
{
    struct stat about;
    int is_new = fstatat(AT_FDCWD, path, &about, 0) != 0;
    WHOLE(verdict("mkdir", path, is_new), syscall(SYS_mkdirat, (long)AT_FDCWD, path, (long)mode));
}

int link(const char *from, const char *to)
{
    WHOLE(verdict("link", to, 1), syscall(SYS_linkat, (long)AT_FDCWD, from, (long)AT_FDCWD, to, 0L));
}
