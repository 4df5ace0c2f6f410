package io.streamwarden.lab;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collections;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;

/** Asks an outside service for each record: without waiting for it, or, if told so, standing there until it answers. */
final class LookupFunction extends RichAsyncFunction<Event, Event> {
    private static final long serialVersionUID = 1L;

    private final String key;
    private final String service;
    private final Behaviour behaviour;
    private transient HttpClient client;

    LookupFunction(String key, String service, Behaviour behaviour) {
        this.key = key;
        this.service = service;
        this.behaviour = behaviour;
    }

    @Override
    public void open(OpenContext context) {
        behaviour.open(getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(5))
                .build();
    }

    @Override
    public void asyncInvoke(Event event, ResultFuture<Event> result) throws Exception {
        behaviour.onRecord();
        HttpRequest request = HttpRequest.newBuilder(URI.create(service + "/fare?zone=" + event.key % 50)).build();
        if (Knobs.flag(key + ".blocking")) {
            complete(event, client.send(request, HttpResponse.BodyHandlers.ofString()), null, result);
            return;
        }
        client.sendAsync(request, HttpResponse.BodyHandlers.ofString())
                .whenComplete((answer, failure) -> complete(event, answer, failure, result));
    }

    private static void complete(
            Event event, HttpResponse<String> answer, Throwable failure, ResultFuture<Event> result) {
        if (failure != null) {
            result.completeExceptionally(failure);
        } else if (answer.statusCode() != 200) {
            result.completeExceptionally(new IOException("fare service answered " + answer.statusCode()));
        } else {
            double fare = Double.parseDouble(answer.body());
            result.complete(Collections.singleton(event.with(event.amount + fare, event.body)));
        }
    }

    @Override
    public void close() {
        behaviour.close();
    }
}
