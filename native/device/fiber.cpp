#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

#include "page.h"
#include "sanitizer.h"

extern "C" [[gnu::visibility("hidden")]] void software_switch(void** from, void* to);
extern "C" [[gnu::visibility("hidden")]] void software_fiber_start();

// Saves the registers that a called function must keep, exchanges stacks, restores them. A new stack holds such a frame
// with software_fiber_start as its return address.
#if defined(__x86_64__)
asm(R"(
.text
.type software_switch, @function
.globl software_switch
.hidden software_switch
software_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size software_switch, .-software_switch
.type software_fiber_start, @function
.globl software_fiber_start
.hidden software_fiber_start
software_fiber_start:
    movq %r12, %rdi
    callq *%r13
    ud2
.size software_fiber_start, .-software_fiber_start
)");

static void* newFrame(char* top, void (*entry)(void*), void* argument) {
    auto* frame = reinterpret_cast<void**>(top) - 9; // so that the entry is called on an aligned stack
    for (int i = 0; i < 9; ++i) frame[i] = nullptr;
    frame[2] = reinterpret_cast<void*>(entry); // r13
    frame[3] = argument;                       // r12
    frame[6] = reinterpret_cast<void*>(software_fiber_start);
    return frame;
}
#elif defined(__aarch64__)
asm(R"(
.text
.type software_switch, %function
.globl software_switch
.hidden software_switch
software_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
.size software_switch, .-software_switch
.type software_fiber_start, %function
.globl software_fiber_start
.hidden software_fiber_start
software_fiber_start:
    mov x0, x19
    blr x20
    brk #1
.size software_fiber_start, .-software_fiber_start
)");

static void* newFrame(char* top, void (*entry)(void*), void* argument) {
    auto* frame = reinterpret_cast<void**>(top) - 20;
    for (int i = 0; i < 20; ++i) frame[i] = nullptr;
    frame[0] = argument;                       // x19
    frame[1] = reinterpret_cast<void*>(entry); // x20
    frame[11] = reinterpret_cast<void*>(software_fiber_start); // x30
    return frame;
}
#else
#error "the software device has fibers for x86-64 and aarch64"
#endif

namespace software {

Fiber::Fiber() {
    void* mapped = mmap(nullptr, PAGE + STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    mprotect(mapped, PAGE, PROT_NONE); // a stack that overflows faults
    stack = static_cast<char*>(mapped) + PAGE;
}

Fiber::~Fiber() {
    unpoison(stack, STACK);
    munmap(stack - PAGE, PAGE + STACK);
}

void Fiber::begin(void (*newBody)(void*), void* newArgument) {
    unpoison(stack, STACK);
    body = newBody;
    argument = newArgument;
    ownFake = nullptr;
    own = newFrame(stack + STACK, reinterpret_cast<void (*)(void*)>(&Fiber::enter), this);
}

void Fiber::resume() {
#ifdef SOFTWARE_ASAN
    __sanitizer_start_switch_fiber(&schedulerFake, stack, STACK);
#endif
    software_switch(&scheduler, own);
#ifdef SOFTWARE_ASAN
    __sanitizer_finish_switch_fiber(schedulerFake, nullptr, nullptr);
#endif
}

void Fiber::suspend() {
#ifdef SOFTWARE_ASAN
    __sanitizer_start_switch_fiber(&ownFake, schedulerBottom, schedulerBytes);
#endif
    software_switch(&own, scheduler);
#ifdef SOFTWARE_ASAN
    __sanitizer_finish_switch_fiber(ownFake, &schedulerBottom, &schedulerBytes);
#endif
}

void Fiber::enter(Fiber* self) {
#ifdef SOFTWARE_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &self->schedulerBottom, &self->schedulerBytes);
#endif
    self->body(self->argument);
    self->suspend(); // never resumed
}

} // namespace software
