package io.mnist20k.engine;

import io.mnist20k.engine.reference.ReferenceEngine;
import io.mnist20k.network.Network;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The reference engine, counting its sessions; one that is closed twice is counted twice.
public final class CountedSessions implements Engine {
    private final Engine engine = new ReferenceEngine();
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    @Override
    public String name() {
        return engine.name();
    }

    @Override
    public String deviceName() {
        return engine.deviceName();
    }

    public int opened() {
        return opened.get();
    }

    public int closed() {
        return closed.get();
    }

    /// The next call of a session throws, unless it closes it.
    public void failOnce(Throwable thrown) {
        failure.set(thrown);
    }

    @Override
    public Session open(Network network, Training training) {
        Session session = engine.open(network, training);
        opened.incrementAndGet();
        return (Session) Proxy.newProxyInstance(
                Session.class.getClassLoader(), new Class<?>[] {Session.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("close")) {
                        closed.incrementAndGet();
                    } else {
                        Throwable thrown = failure.getAndSet(null);
                        if (thrown != null) {
                            throw thrown;
                        }
                    }
                    try {
                        return method.invoke(session, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
