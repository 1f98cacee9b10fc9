package io.mnist20k.check;

import io.mnist20k.UserError;
import io.mnist20k.files.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// The parts in the order of what they are worth: whoever stops the check at any moment keeps the most there is to
/// keep.
public final class GpuCheck {
    private final Path out;
    private final List<Part> parts;
    private final Results results;

    /// @param out   the folder of all results, made where it is missing
    /// @param about what stands at the head of the documents
    /// @throws UserError where the folder cannot be made, or holds a check
    public GpuCheck(Path out, Path jar, Plan plan, Map<String, Object> about) {
        this(out, plan.parts(new Processes(out, jar)), about);
    }

    GpuCheck(Path out, List<Part> parts, Map<String, Object> about) {
        this.out = out;
        this.parts = parts;
        try {
            Files.createDirectories(out);
        } catch (IOException e) {
            throw new UserError(
                    "cannot make the folder " + out + ": " + Reason.of(e) + "; name another one with --out", e);
        }
        if (Files.exists(json())) {
            throw new UserError(
                    out + " already has the results of a check; name another folder with --out, or remove this one");
        }
        results = new Results(out, about);
    }

    /// Runs one part after the other.
    ///
    /// @param stopAsked looked at between parts
    /// @param told      of each part, when it begins and how it ended
    /// @return whether no part failed
    public boolean run(BooleanSupplier stopAsked, Consumer<String> told) {
        for (Part part : parts) {
            if (stopAsked.getAsBoolean()) {
                break;
            }
            told.accept(part.name() + " …");
            Results.Outcome outcome = outcome(part);
            results.add(part.name(), outcome);
            told.accept("%s: %s%s"
                    .formatted(
                            part.name(), outcome.status(), outcome.reason().isEmpty() ? "" : ", " + outcome.reason()));
        }
        return !results.anyFailed();
    }

    private static Results.Outcome outcome(Part part) {
        long start = System.nanoTime();
        String status = "done";
        String reason = "";
        Object measured = Map.of();
        try {
            measured = part.work().call();
        } catch (Part.Skipped skipped) {
            status = "skipped";
            reason = String.valueOf(skipped.getMessage());
        } catch (Part.Failed failed) {
            status = "failed";
            reason = failed.getMessage();
            measured = failed.measured();
        } catch (InterruptedException interrupted) {
            throw new AssertionError("nobody interrupts the main thread", interrupted);
        } catch (Exception failure) {
            status = "failed";
            reason = failure.getClass().getSimpleName() + ": " + failure.getMessage();
        }
        return new Results.Outcome(status, reason, (System.nanoTime() - start) * 1e-9, measured);
    }

    /// Where the documents are.
    public Path json() {
        return out.resolve(Results.JSON_FILE);
    }

    public Path table() {
        return out.resolve(Results.TABLE_FILE);
    }
}
