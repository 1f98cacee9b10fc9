// Which elements a dropout layer keeps. Never stored: backward draws the same bits again.
//
// Element e of the sample at position n of the step draws half-word e mod 8 of
// philox(seed, e / 8, n, step, stream(DROPOUT, layer, epoch)) and is kept if that is at least the threshold.

#pragma once

// The decisions of one sample, eight at a time.
class DropoutMask {
  public:
    // threshold = round(65536 rate); at 0 everything is kept and nothing is read or drawn.
    __device__ DropoutMask(
        const Step* step, unsigned long long seed, int layer, int threshold)
        : seed(seed), threshold(static_cast<unsigned>(threshold)) {
        if (threshold > 0) {
            epochStream = stream(DROPOUT, layer, step->epoch);
            stepInEpoch = static_cast<unsigned>(step->step);
        }
    }

    __device__ void ofSample(int n) {
        sample = static_cast<unsigned>(n);
        drawn = NONE;
    }

    __device__ bool keeps(unsigned element) {
        if (threshold == 0) {
            return true;
        }
        if (element / 8 != drawn) {
            draw(element / 8);
        }
        return kept >> element % 8 & 1u;
    }

  private:
    static constexpr unsigned NONE = ~0u;  // e / 8 never gets there

    unsigned long long seed;
    unsigned threshold;
    unsigned epochStream = 0;
    unsigned stepInEpoch = 0;
    unsigned sample = 0;
    unsigned drawn = NONE;
    unsigned kept = 0;  // bit i: element 8 drawn + i

    __device__ void draw(unsigned block) {
        Words words = philox(seed, block, sample, stepInEpoch, epochStream);
        kept = bits(words.w0) | bits(words.w1) << 2 | bits(words.w2) << 4 | bits(words.w3) << 6;
        drawn = block;
    }

    // The lower half-word's decision in bit 0, the upper one's in bit 1.
    __device__ unsigned bits(unsigned word) const {
        return ((word & 0xFFFFu) >= threshold ? 1u : 0u) | (word >> 16 >= threshold ? 2u : 0u);
    }
};
