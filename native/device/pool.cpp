// The threads that operations are spread over: one a core, or as SOFTWARE_DEVICE_THREADS says. Which thread does what is
// chance, so nothing that is computed may depend on it.
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>

#include "state.h"

namespace software {

namespace {

class Pool {
  public:
    explicit Pool(unsigned threads) : workers(threads - 1) {
        for (unsigned i = 0; i < workers; ++i) std::thread([this] { serve(); }).detach();
    }

    void run(std::size_t count, const std::function<void(std::size_t)>& body) {
        Job job{count, body};
        {
            std::lock_guard guard(mutex);
            current = &job;
            busy = workers;
            ++generation;
        }
        wake.notify_all();
        work(job);
        std::unique_lock guard(mutex);
        idle.wait(guard, [this] { return busy == 0; });
        current = nullptr;
        if (job.failure) std::rethrow_exception(job.failure);
    }

    bool alone() const {
        return workers == 0;
    }

  private:
    struct Job {
        std::size_t count;
        const std::function<void(std::size_t)>& body;
        std::atomic<std::size_t> next = 0;
        std::exception_ptr failure = nullptr;
    };

    void work(Job& job) {
        try {
            for (std::size_t i; (i = job.next++) < job.count;) job.body(i);
        } catch (...) {
            std::lock_guard guard(mutex);
            if (!job.failure) job.failure = std::current_exception();
            job.next = job.count;
        }
    }

    void serve() {
        std::uint64_t seen = 0;
        std::unique_lock guard(mutex);
        for (;;) {
            wake.wait(guard, [&] { return generation != seen; });
            seen = generation;
            Job& job = *current;
            guard.unlock();
            work(job);
            guard.lock();
            if (--busy == 0) idle.notify_one();
        }
    }

    const unsigned workers;
    std::mutex mutex;
    std::condition_variable wake, idle;
    Job* current = nullptr;
    unsigned busy = 0;
    std::uint64_t generation = 0;
};

unsigned threads() {
    const char* asked = std::getenv("SOFTWARE_DEVICE_THREADS");
    int count = asked != nullptr ? std::atoi(asked) : static_cast<int>(std::thread::hardware_concurrency());
    return static_cast<unsigned>(std::max(count, 1));
}

Pool& pool() {
    static Pool& pool = *new Pool(threads()); // its threads outlive static destructors
    return pool;
}

} // namespace

} // namespace software

void software_parallel(std::size_t count, const std::function<void(std::size_t)>& body) {
    if (count <= 1 || software::pool().alone())
        for (std::size_t i = 0; i < count; ++i) body(i);
    else
        software::pool().run(count, body);
}
