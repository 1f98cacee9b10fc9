// Accesses that nothing puts in an order are found whichever way they happened to run, and those in an order are not; nor is
// anything read that nobody wrote, or touched that nobody was given.
#include <array>

#include "probes.h"
#include "watched.h"

using test::LAUNCH_FAILED;
using test::Probes;
using test::Watch;

namespace {

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

// What adding up `count` numbers of `in` ends with, where `written` of them are and 9 is all that it has.
int sum(std::size_t written, int count, std::size_t from = 0) {
    Watch watch;
    test::Device device;
    Probes probes;
    Address in = device.allocate(9 * 4), zeros = device.upload(std::vector<float>(16)), out = device.allocate(16 * 4);
    if (written > 0) SAME(cuMemcpyDtoDAsync_v2(in, zeros, written * 4, device.stream), 0);
    SAME(probes.launch(device, "probe_saxpy", 1, 32, out, in + 4 * from, zeros, 1.0f, count), 0);
    return cuStreamSynchronize(device.stream);
}

TEST("a kernel reads nothing that nobody wrote, and nothing beside an allocation") {
    SAME(sum(9, 9), 0);
    SAME(sum(8, 8), 0);
    SAME(sum(8, 9), LAUNCH_FAILED);
    SAME(sum(0, 1), LAUNCH_FAILED);
    SAME(sum(9, 10), LAUNCH_FAILED);
    SAME(sum(9, 1, 8), 0);
    SAME(sum(9, 2, 8), LAUNCH_FAILED);
}

TEST("what a kernel wrote is written, and memory that was freed is as if it never had been") {
    Watch watch;
    test::Device device;
    Probes probes;
    Address zeros = device.upload(std::vector<float>(8)), out = device.allocate(8 * 4), fresh;
    SAME(probes.launch(device, "probe_saxpy", 1, 32, out, zeros, zeros, 1.0f, 8), 0);
    SAME(device.download(out, 8)[7], 0.0f);
    SAME(probes.launch(device, "probe_saxpy", 1, 32, out, out, zeros, 1.0f, 8), 0);
    SAME(cuMemAlloc_v2(&fresh, 4), 0);
    SAME(cuMemFree_v2(fresh), 0);
    SAME(probes.launch(device, "probe_write", 1, 1, zeros, static_cast<int>((fresh - zeros) / 4), 1), 0);
    SAME(cuStreamSynchronize(device.stream), LAUNCH_FAILED);
}

TEST("a block reads nothing beside the shared memory that it was launched with") {
    for (int beside : {0, 1, -1}) {
        Watch watch;
        test::Device device;
        Probes probes;
        Address out = device.allocate(4);
        Handle kernel = probes.function("probe_dynamic_shared");
        SAME(probes.launchSharing(device, kernel, 404, 1, 32, out, 101 + beside, -beside), 0);
        SAME(cuStreamSynchronize(device.stream), beside > 0 ? LAUNCH_FAILED : 0);
    }
}

TEST("nothing is added atomically to what nobody wrote") {
    Watch watch;
    test::Device device;
    Probes probes;
    SAME(probes.launch(device, "probe_count", 1, 1, device.allocate(4)), 0);
    SAME(cuStreamSynchronize(device.stream), LAUNCH_FAILED);
}

TEST("copies read nothing that nobody wrote, and what they and fills write is written") {
    using test::Device;
    test::checkAccesses<Device>({{'r', 5}, {'w', 5}}, [](Device& device, const std::vector<Address>& at) {
        SAME(cuMemcpyDtoDAsync_v2(at[1], at[0], 20, device.stream), 0);
    });
    test::checkAccesses<Device>({{'w', 5}}, [](Device& device, const std::vector<Address>& at) {
        SAME(cuMemsetD8Async(at[0], 0, 20, device.stream), 0);
    });
    test::checkAccesses<Device>({{'w', 3000}}, [](Device& device, const std::vector<Address>& at) { // of several pages
        SAME(cuMemsetD8Async(at[0], 0, 4096, device.stream), 0);
        SAME(cuMemsetD8Async(at[0] + 4096, 0, 12000 - 4096, device.stream), 0);
    });
    Watch watch;
    Device device;
    std::vector<float> host(5);
    SAME(cuMemcpyDtoHAsync_v2(host.data(), device.allocate(20), 20, device.stream), LAUNCH_FAILED);
}

} // namespace
