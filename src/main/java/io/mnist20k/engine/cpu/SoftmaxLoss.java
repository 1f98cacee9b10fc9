package io.mnist20k.engine.cpu;

import static io.mnist20k.engine.cpu.Lanes.COUNT;

/// Softmax and cross-entropy of a block's logits: loss, correct answers, and the logits' gradient.
final class SoftmaxLoss {
    private final Signal logits;
    private final Batch batch;
    private final double smoothing;
    private final double[] lossSums;
    private final int[] correct;
    private final double[][] exponentials;

    SoftmaxLoss(Signal logits, double smoothing, Batch batch, int blocks) {
        this.logits = logits;
        this.smoothing = smoothing;
        this.batch = batch;
        lossSums = new double[blocks];
        correct = new int[blocks];
        exponentials = new double[blocks][logits.shape().channels()];
    }

    /// The gradient is that of the mean loss over the step's samples. Lanes without an image get none.
    void run(int block, byte[] labels) {
        Planes z = logits.value();
        Planes dz = logits.gradient();
        int classes = z.shape.channels();
        double[] e = exponentials[block];
        double off = smoothing / classes;
        double on = 1 - smoothing + off;
        double lossSum = 0;
        int right = 0;
        for (int lane = 0; lane < COUNT; lane++) {
            if (lane >= batch.lanes(block)) {
                for (int k = 0; k < classes; k++) {
                    dz.data[dz.row(block, k, 0) + lane] = 0;
                }
                continue;
            }
            int label = labels[batch.images[block * COUNT + lane]];
            int best = 0;
            for (int k = 1; k < classes; k++) {
                if (logit(z, block, k, lane) > logit(z, block, best, lane)) {
                    best = k;
                }
            }
            double max = logit(z, block, best, lane);
            double sum = 0;
            double target = 0;
            for (int k = 0; k < classes; k++) {
                double logit = logit(z, block, k, lane) - max;
                e[k] = StrictMath.exp(logit);
                sum += e[k];
                target += (k == label ? on : off) * logit;
            }
            lossSum += StrictMath.log(sum) - target;
            right += best == label ? 1 : 0;
            for (int k = 0; k < classes; k++) {
                dz.data[dz.row(block, k, 0) + lane] = (float) ((e[k] / sum - (k == label ? on : off)) / batch.samples);
            }
        }
        lossSums[block] = lossSum;
        correct[block] = right;
    }

    private static float logit(Planes z, int block, int k, int lane) {
        return z.data[z.row(block, k, 0) + lane];
    }

    /// Nats, over the step.
    double lossSum() {
        double sum = 0;
        for (int block = 0; block < batch.blocks(); block++) {
            sum += lossSums[block];
        }
        return sum;
    }

    int correct() {
        int sum = 0;
        for (int block = 0; block < batch.blocks(); block++) {
            sum += correct[block];
        }
        return sum;
    }
}
