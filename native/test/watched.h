// The device while it watches what happens to memory, and what a library must say of its own part in that.
#pragma once

#include <string>

#include "harness.h"

namespace test {

constexpr int LAUNCH_FAILED = 719;

struct Watch {
    Watch() { software_watch(1); }
    ~Watch() {
        software_watch(0);
        software_order(0);
    }
};

// What is computed with beta 0 is written, else updated.
inline constexpr float BETAS[] = {0.0f, 1.0f};

inline char blended(float beta) {
    return beta == 0.0f ? 'w' : 'u';
}

// What a call does with so many floats: 'r'eads, 'w'rites or 'u'pdates them, or leaves nothing there that counts: 's'cratch.
struct Operand {
    char access;
    std::size_t count;
};

// operation(device, addresses) enqueues something on the device's stream. It must end well where all that it reads was
// written, and with LAUNCH_FAILED where one of that was not; all but scratch counts as written then.
template <class Device, class Operation> void checkAccesses(const std::vector<Operand>& operands, Operation operation) {
    for (std::size_t fresh = 0; fresh <= operands.size(); ++fresh) {
        Watch watch;
        Device device;
        std::vector<Address> addresses;
        bool complete = true;
        for (std::size_t i = 0; i < operands.size(); ++i) {
            auto [access, count] = operands[i];
            bool matters = i == fresh && (access == 'r' || access == 'u');
            bool isWritten = access == 's' || (access != 'w' && !matters);
            addresses.push_back(isWritten ? device.upload(numbers(count, 1)) : device.allocate(4 * count));
            complete &= !matters;
        }
        operation(device, addresses);
        int status = cuStreamSynchronize(device.stream);
        if (status != (complete ? 0 : LAUNCH_FAILED))
            throw Failed{"operand " + std::to_string(fresh) + " is fresh: " + std::to_string(status)};
        for (std::size_t i = 0; complete && i < operands.size(); ++i) {
            std::vector<float> host(operands[i].count);
            status = cuMemcpyDtoHAsync_v2(host.data(), addresses[i], 4 * host.size(), device.stream);
            if (status != (operands[i].access == 's' ? LAUNCH_FAILED : 0))
                throw Failed{"operand " + std::to_string(i) + " is read: " + std::to_string(status)};
            if (status != 0) break; // it sticks
        }
    }
}

} // namespace test
