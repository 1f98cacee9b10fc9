package io.mnist20k.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mnist20k.network.Layer;
import io.mnist20k.network.Network;
import io.mnist20k.network.Shape;
import io.mnist20k.sweep.Row;
import io.mnist20k.sweep.RunResult;
import io.mnist20k.train.EpochRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What people read, to the letter: a table whose numbers are right and stand in the wrong column is wrong.
class TablesTest {
    private static final Row FOUR = new Row(
            "0123456789abcdef",
            "default",
            "cpu",
            "MNIST",
            "held-out",
            55_000,
            19_370,
            19,
            128,
            4,
            1,
            0.9961,
            0.00123,
            0.01234,
            0.9949,
            0.9973,
            0.0019,
            81.25);

    /// Its interval would reach beyond all images.
    private static final Row TWO = new Row(
            "fedcba9876543210",
            "mine",
            "cuda",
            "digits",
            "test",
            0,
            10,
            1,
            7,
            2,
            0,
            0.5,
            0.25,
            1.5,
            0.25,
            0.75,
            2.0,
            0.05);

    private static final Row NONE = diverged(1_000, 2);

    private static Row diverged(int parameters, int epochs) {
        return new Row(
                "0000000000000000",
                "wild",
                "cpu",
                "MNIST",
                "test",
                0,
                parameters,
                epochs,
                8,
                0,
                3,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    private static String text(List<String> lines) {
        return String.join("\n", lines) + "\n";
    }

    @Test
    void rowsOfASweep() {
        assertEquals("""
                recipe   variant           device  images                              parameters  epochs  runs  mean %  deviation  minimum  maximum     95 % interval    loss  seconds
                default  0123456789abcdef  cpu     MNIST, held-out, trained on 55,000      19,370      19     4  99.610      0.123   99.490   99.730  99.420 to 99.800  0.0123     81.3  1 more diverged
                mine     fedcba9876543210  cuda    digits, test                                10       1     2  50.000     25.000   25.000   75.000  0.000 to 100.000  1.5000      0.1
                wild     0000000000000000  cpu     MNIST, test                              1,000       2     0       -          -        -        -                 -       -        -  3 more diverged
                """, text(SweepTable.of(List.of(FOUR, TWO, NONE)).lines()));
    }

    @Test
    void rowsOverBudgetSaySo() {
        assertTrue(text(SweepTable.of(List.of(diverged(19_370, 20))).lines())
                .endsWith("  3 more diverged, over budget\n"));
        assertTrue(
                text(SweepTable.forPage(List.of(diverged(20_000, 19))).lines()).contains("\nwild (over budget)  "));
        assertFalse(text(SweepTable.of(List.of(diverged(19_999, 19))).lines()).contains("budget"));
    }

    /// Names come out of files, too.
    @Test
    void aTerminalObeysNoCell() {
        var table = new TextTable("<name").row("a\u001b[31mb\nc\u009b\u202ed\te\u200df");
        assertEquals("a?[31mb?c??d?e\u200df", table.lines().getLast());
    }

    @Test
    void rowsForAPage() {
        assertEquals("""
                recipe   images                              parameters  epochs              runs  mean ± deviation, %  least, %  95 % interval of the mean  loss, nats  seconds, median
                default  MNIST, held-out, trained on 55,000      19,370      19  4 and 1 diverged       99.610 ± 0.123    99.490           99.420 to 99.800      0.0123             81.3
                mine     digits, test                                10       1                 2      50.000 ± 25.000    25.000           0.000 to 100.000      1.5000              0.1
                wild     MNIST, test                              1,000       2  0 and 3 diverged                - ± -         -                          -           -                -
                """, text(SweepTable.forPage(List.of(FOUR, TWO, NONE)).lines()));
    }

    @Test
    void runsOneByOne() {
        RunResult good = new RunResult(
                "a", "default", -5, "cpu", "EPYC", "MNIST", "test", 0, 19_370, 19, 128, 0.9971, 0.9972, 0.01234, 81.25,
                14_000.0);
        RunResult bad = new RunResult(
                "a",
                "default",
                12,
                "cpu",
                "EPYC",
                "MNIST",
                "re-drawn",
                100,
                19_370,
                19,
                128,
                null,
                null,
                null,
                null,
                null);
        assertEquals("""
                recipe   images                           seed  accuracy, %  best epoch, %  loss, nats  seconds
                default  MNIST, test                        -5        99.71          99.72      0.0123     81.3
                default  MNIST, re-drawn, trained on 100    12     diverged              -           -        -
                """, text(SweepTable.ofRuns(List.of(good, bad)).lines()));
    }

    @Test
    void epochsOneByOne() {
        var epoch = new EpochRecord(7, 0.12345, 0.9812, 1.23456, 0.9934, 0.00125, 81.25, 14_003.4);
        assertEquals("""
                epoch    loss  accuracy  validation loss  validation accuracy  learning rate  images/s     time
                    7  0.1235   98.12 %           1.2346              99.34 %        0.00125    14,003  1 min 21 s
                """, text(List.of(TrainingConsole.HEADINGS, TrainingConsole.line(epoch))));
    }

    @Test
    void aNetworkLayerByLayer() {
        var network = new Network(
                Shape.IMAGE,
                10,
                List.of(
                        new Layer.Conv(5, 3, 2, 1, true),
                        new Layer.BatchNorm(1e-5, 0.1),
                        new Layer.Conv(7, 1, 1, 0, false),
                        new Layer.Relu(),
                        new Layer.MaxPool(3, 2),
                        new Layer.MaxPool(2, 2),
                        new Layer.Dropout2d(0.1),
                        new Layer.Dense(20, true),
                        new Layer.Dropout(0.25),
                        new Layer.Dense(10, false),
                        new Layer.Softmax()));
        assertEquals("""
                layer       settings                           output   parameters  multiply-adds  receptive field
                conv1       5× 3×3, stride 2, padding 1, bias  5×14×14          50          8,820              3×3
                batchnorm1                                     5×14×14          10                             3×3
                conv2       7× 1×1                             7×14×14          35          6,860              3×3
                relu1                                          7×14×14                                         3×3
                maxpool1    3×3, stride 2                      7×6×6                                           7×7
                maxpool2    2×2                                7×3×3                                         11×11
                dropout2d1  rate 0.1                           7×3×3                                         11×11
                dense1      20, bias                           20×1×1        1,280          1,260            27×27
                dropout1    rate 0.25                          20×1×1                                        27×27
                dense2      10                                 10×1×1          200            200            27×27
                softmax1                                       10×1×1                                        27×27

                1,575 parameters, 18,424 below the 19,999 allowed; 17,140 multiply-adds per image
                """, text(NetworkTable.lines(network)));
    }

    @Test
    void howFarANetworkIsFromItsBudget() {
        assertEquals("19,850 parameters, 149 below the 19,999 allowed; 19,850 multiply-adds per image", total(25));
        assertEquals(
                "20,644 parameters, 645 over budget (at most 19,999 are allowed); 20,644 multiply-adds per image",
                total(26));
    }

    private static String total(int width) {
        var layers = List.<Layer>of(new Layer.Dense(width, false), new Layer.Dense(10, false), new Layer.Softmax());
        return NetworkTable.lines(new Network(Shape.IMAGE, 10, layers)).getLast();
    }
}
