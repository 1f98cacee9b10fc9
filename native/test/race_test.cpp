// Accesses that nothing puts in an order are found whichever way they happened to run, and those in an order are not.
#include "probes.h"

#include <array>

using test::Probes;

namespace {

constexpr int LAUNCH_FAILED = 719;

struct Watch {
    Watch() { software_watch(1); }
    ~Watch() {
        software_watch(0);
        software_order(0);
    }
};

// What a launch ends with, in any order of threads and blocks.
template <class... Arguments> int watched(const char* name, unsigned grid, unsigned block, Arguments... arguments) {
    std::array<int, 3> status{};
    for (int order : {0, 1, 2}) {
        Watch watch;
        software_order(order);
        test::Device device;
        Probes probes;
        Address out = device.upload(test::numbers(4096, 1));
        SAME(probes.launch(device, name, grid, block, out, arguments...), 0);
        status[static_cast<std::size_t>(order)] = cuStreamSynchronize(device.stream);
    }
    SAME(status[1], status[0]);
    SAME(status[2], status[0]);
    return status[0];
}

TEST("threads that do not wait for what they exchange race, and threads that do wait do not") {
    constexpr int BEFORE_READING = 1, BEFORE_WRITING = 2;
    SAME(watched("probe_race", 1, 64, BEFORE_READING | BEFORE_WRITING), 0);
    SAME(watched("probe_race", 1, 64, BEFORE_READING), LAUNCH_FAILED);
    SAME(watched("probe_race", 1, 64, BEFORE_WRITING), LAUNCH_FAILED);
    SAME(watched("probe_race", 1, 64, 0), LAUNCH_FAILED);
    SAME(watched("probe_race", 1, 2, BEFORE_READING), LAUNCH_FAILED);
    SAME(watched("probe_race", 1, 1, 0), 0);
}

TEST("threads of two blocks race where both write a byte, and not where each has its own") {
    SAME(watched("probe_block_race", 9, 1, 0), LAUNCH_FAILED);
    SAME(watched("probe_block_race", 9, 1, 1), 0);
    SAME(watched("probe_block_race", 1, 2, 1), LAUNCH_FAILED);
}

TEST("a byte that one block reads and another writes is raced for") {
    SAME(watched("probe_block_race", 2, 1, -1), LAUNCH_FAILED); // the second writes what both read
}

TEST("atomics race with nothing") {
    SAME(watched("probe_count", 77, 33), 0);
}

// A copies number 0 to 1, B number 2 to 3, then C, which may overlap B, places[0] to places[1]: what that ends with.
int chain(int early, int waits, std::array<Address, 2> places) {
    Watch watch;
    test::Device device;
    Probes probes;
    Address numbers = device.upload(test::numbers(8, 2));
    auto at = [&](Address index) { return numbers + 4 * index; };
    SAME(probes.launch(device, "probe_early", 1, 1, at(1), at(0), 0, 0), 0);
    SAME(probes.launch(device, "probe_early", 1, 1, at(3), at(2), 0, 0), 0);
    SAME(probes.launchWith(device, test::PROGRAMMATIC_STREAM_SERIALIZATION, "probe_early", 1, 1, at(places[1]),
                           at(places[0]), early, waits), 0);
    return cuStreamSynchronize(device.stream);
}

TEST("a launch that overlaps the one before waits before it touches what that one does") {
    SAME(chain(0, 1, {3, 4}), 0);             // reads what B wrote
    SAME(chain(1, 1, {3, 4}), LAUNCH_FAILED); // too early
    SAME(chain(1, 1, {4, 2}), LAUNCH_FAILED); // writes what B reads
    SAME(chain(1, 1, {4, 3}), LAUNCH_FAILED); // and what it writes
    SAME(chain(1, 1, {2, 4}), 0);             // reads what B reads
    SAME(chain(1, 1, {1, 0}), 0);             // A was done before B began
}

TEST("a launch that overlaps the one before has to wait for it in the end") {
    SAME(chain(1, 0, {4, 5}), LAUNCH_FAILED);
}

} // namespace
