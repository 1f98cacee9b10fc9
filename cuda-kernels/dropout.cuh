// Which elements a dropout layer keeps. Never stored: backward draws the same bits again.
//
// Element e of the sample at position n of the step draws half-word e mod 8 of
// philox(seed, e / 8, n, step, stream(DROPOUT, layer, epoch)) and is kept if that is at least the threshold. Where
// whole channels are dropped, e is the channel.

#pragma once

struct DropoutMask {
    unsigned long long seed;
    unsigned threshold;  // round(65536 rate); 0 where nothing is dropped
    bool dropsChannels;
    unsigned stepInEpoch;
    unsigned epochStream;

    // step is not read where threshold is 0.
    __device__ DropoutMask(
        const Step* step, unsigned long long seed, int layer, int threshold, int dropsChannels)
        : seed(seed),
          threshold(static_cast<unsigned>(threshold)),
          dropsChannels(dropsChannels != 0),
          stepInEpoch(threshold > 0 ? static_cast<unsigned>(step->step) : 0u),
          epochStream(threshold > 0 ? stream(DROPOUT, layer, step->epoch) : 0u) {}

    // Bit i: whether the element first + i of a sample is kept. Good for the elements up to the next multiple of 8 that
    // are of the same channel: one draw serves them all.
    __device__ unsigned kept(int sample, int channel, int first) const {
        if (threshold == 0) {
            return ~0u;
        }
        unsigned unit = static_cast<unsigned>(dropsChannels ? channel : first);
        Words words = philox(seed, unit / 8, static_cast<unsigned>(sample), stepInEpoch, epochStream);
        unsigned eight = bits(words.w0) | bits(words.w1) << 2 | bits(words.w2) << 4 | bits(words.w3) << 6;
        unsigned fromUnit = eight >> unit % 8;
        return !dropsChannels ? fromUnit : (fromUnit & 1u) != 0 ? ~0u : 0u;
    }

  private:
    // The lower half-word's decision in bit 0, the upper one's in bit 1.
    __device__ unsigned bits(unsigned word) const {
        return ((word & 0xFFFFu) >= threshold ? 1u : 0u) | (word >> 16 >= threshold ? 2u : 0u);
    }
};
