/* Where a program spends its time, on Linux machines without perf: a signal for every millisecond of processor time, whose
 * handler keeps the address that was interrupted. When the program ends, addresses and how often each was seen go to the
 * file that SAMPLES names, counted from the program's start in memory. `hot.py` reads it.
 *
 *     gcc -O2 -shared -fPIC benches/sampler.c -o sampler.so
 *     SAMPLES=samples.txt LD_PRELOAD=$PWD/sampler.so PROGRAM
 *
 * The kernel's clock ticks more slowly than a millisecond on most machines (4 ms are usual): let programs run for seconds.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

enum { MOST = 4000000 };
static uint64_t *addresses;
static volatile uint64_t count;

static void interrupted(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    uint64_t at = __sync_fetch_and_add(&count, 1);
    if (at < MOST) addresses[at] = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

static void every(long microseconds) {
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_PROF, &timer, NULL);
}

__attribute__((constructor)) static void begin(void) {
    if (!getenv("SAMPLES") || !(addresses = calloc(MOST, sizeof *addresses))) return;
    struct sigaction action = {.sa_sigaction = interrupted, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGPROF, &action, NULL);
    every(1000);
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

__attribute__((destructor)) static void end(void) {
    if (!addresses) return;
    every(0);
    char line[4096], program[4096] = "";
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0) return;
    uint64_t first = 0, last = 0, from, to;
    FILE *maps = fopen("/proc/self/maps", "r"), *file = fopen(getenv("SAMPLES"), "w");
    if (!maps || !file) return;
    while (fgets(line, sizeof line, maps))
        if (strstr(line, program) && sscanf(line, "%lx-%lx", &from, &to) == 2) first = first ? first : from, last = to;
    uint64_t all = count < MOST ? count : MOST;
    qsort(addresses, all, sizeof *addresses, ascending);
    for (uint64_t i = 0, j; i < all; i = j) {
        for (j = i; j < all && addresses[j] == addresses[i];) j++;
        /* What lies in libraries and in the kernel counts as address 0. */
        int inside = addresses[i] >= first && addresses[i] < last;
        fprintf(file, "%lx %lu\n", inside ? addresses[i] - first : 0, j - i);
    }
    fclose(file);
}
