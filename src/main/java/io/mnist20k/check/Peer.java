package io.mnist20k.check;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A process that says what it is in a line of JSON, and then answers every line that it is asked with another.
final class Peer implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter questions;
    private final Duration patience;
    private final Path messages;
    private final ExecutorService reader = Executors.newVirtualThreadPerTaskExecutor();

    /// @param messages the file for its standard error
    /// @param patience how long an answer may take
    Peer(List<String> command, Path messages, Duration patience) throws IOException {
        this.messages = messages;
        this.patience = patience;
        process = new ProcessBuilder(command).redirectError(messages.toFile()).start();
        answers = process.inputReader();
        questions = process.outputWriter();
    }

    /// @throws Part.Failed where it has ended, or does not answer in time
    JsonNode ask(String question) throws InterruptedException {
        try {
            questions.write(question + "\n");
            questions.flush();
        } catch (IOException e) {
            throw failed("ended too early");
        }
        return answer();
    }

    /// The next line.
    ///
    /// @throws Part.Failed as [#ask]
    JsonNode answer() throws InterruptedException {
        try {
            String line = reader.submit(answers::readLine).get(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (line == null) {
                throw failed("ended too early");
            }
            return JsonMapper.shared().readTree(line);
        } catch (TimeoutException e) {
            throw failed("did not answer within " + patience.toSeconds() + " s");
        } catch (ExecutionException e) {
            throw failed("cannot be read: " + e.getCause());
        }
    }

    private Part.Failed failed(String what) {
        return new Part.Failed("the PyTorch script " + what + "; see " + messages.getFileName(), Map.of());
    }

    @Override
    public void close() {
        Processes.end(process); // before whoever reads from it is waited for
        reader.close();
    }
}
