package io.mnist20k.engine.cpu;

/// A part of the network at work on one block at a time: reads its input signal's value and writes its output's,
/// then backward from gradient to gradient. Different blocks may be at work at once.
interface Node {
    void forward(int block);

    void backward(int block);
}
