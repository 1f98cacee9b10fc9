package io.mnist20k.check;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The PyTorch script: says what it is in a line of JSON, and then answers every line that it is asked with another.
final class Peer implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter questions;
    private final Duration patience;
    private final Path messages;

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
        var line = new FutureTask<>(answers::readLine);
        Thread.startVirtualThread(line);
        try {
            String text = line.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (text == null) {
                throw failed("ended too early");
            }
            return JsonMapper.shared().readTree(text);
        } catch (TimeoutException e) {
            throw failed("did not answer within " + patience.toSeconds() + " s");
        } catch (ExecutionException | JacksonException e) {
            throw failed("gave an unreadable answer");
        }
    }

    private Part.Failed failed(String what) {
        return new Part.Failed("the PyTorch script " + what + "; see " + messages.getFileName(), Map.of());
    }

    @Override
    public void close() {
        Processes.end(process);
    }
}
