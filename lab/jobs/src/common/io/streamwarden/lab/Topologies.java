package io.streamwarden.lab;

import org.apache.flink.streaming.api.datastream.DataStream;

/** The shapes of the lab's jobs. Names and shapes differ on purpose: a model must not learn them. */
final class Topologies {
    private Topologies() {}

    /** Builds the topology and answers the job's name. */
    static String build(String topology, Plan plan) {
        switch (topology) {
            case "map-chain":
                return mapChain(plan);
            case "keyed-aggregation":
                return keyedAggregation(plan);
            case "event-time-windows":
                return eventTimeWindows(plan);
            case "two-stream-join":
                return twoStreamJoin(plan);
            case "fan-out":
                return fanOut(plan);
            case "explode-and-count":
                return explodeAndCount(plan);
            case "async-lookup":
                return asyncLookup(plan);
            case "sql-top-n":
                return SqlShapes.topN(plan);
            case "sql-join":
                return SqlShapes.join(plan);
            case "kafka-pipeline":
            case "kafka-windows":
                return elsewhere("io.streamwarden.lab.KafkaShapes").build(topology, plan);
            default:
                throw new IllegalArgumentException("no such topology: " + topology);
        }
    }

    /** Shapes that are compiled only where their connector is. */
    private static Shapes elsewhere(String name) {
        try {
            return (Shapes) Class.forName(name).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException missing) {
            throw new IllegalArgumentException("this jar holds no " + name, missing);
        }
    }

    /** Every record waits for an answer from outside, many at a time. */
    private static String asyncLookup(Plan plan) {
        DataStream<Event> rides = plan.source("rides", "rides");
        DataStream<Event> parsed = plan.step("read", "read ride", rides, new Steps.Parse(plan.behaviour("read")));
        DataStream<Event> priced = plan.lookup("fares", "look up fare", parsed);
        DataStream<Event> zones = plan.totals("zones", "zone totals", priced);
        plan.sink("billing", "billing", zones);
        return "ride-pricing";
    }

    /** Stateless and deep: one record in, at most one out. */
    private static String mapChain(Plan plan) {
        DataStream<Event> clicks = plan.source("clicks", "clicks");
        DataStream<Event> parsed = plan.step("parse", "parse click", clicks, new Steps.Parse(plan.behaviour("parse")));
        DataStream<Event> located =
                plan.step("geo", "add location", parsed.rebalance(), new Steps.Enrich(plan.behaviour("geo"), "geo"));
        DataStream<Event> kept =
                plan.step("bots", "drop bots", located, new Steps.Keep(plan.behaviour("bots"), 85));
        plan.sink("clickhouse", "Sink: clickhouse", kept);
        return "clickstream-cleanup";
    }

    /** Keyed state without time. */
    private static String keyedAggregation(Plan plan) {
        DataStream<Event> orders = plan.source("orders", "orders");
        DataStream<Event> parsed =
                plan.step("validate", "validate order", orders, new Steps.Parse(plan.behaviour("validate")));
        DataStream<Event> totals = plan.totals("totals", "customer totals", parsed);
        plan.sink("warehouse", "Sink: warehouse", totals);
        return "order-totals";
    }

    /** Windows that wait for the watermark. */
    private static String eventTimeWindows(Plan plan) {
        DataStream<Event> sensors = plan.source("sensors", "sensors");
        DataStream<Event> decoded =
                plan.step("decode", "decode reading", sensors, new Steps.Parse(plan.behaviour("decode")));
        DataStream<Event> averages = plan.window("averages", "TumblingEventTimeWindows", decoded, 1_000);
        DataStream<Event> alarms =
                plan.step("alarms", "check limits", averages, new Steps.Enrich(plan.behaviour("alarms"), "limit"));
        plan.sink("timeseries", "timeseries", alarms);
        return "sensor-averages";
    }

    /** Two sources, a stateful join with timers, then a window. */
    private static String twoStreamJoin(Plan plan) {
        DataStream<Event> payments = plan.source("payments", "payments");
        DataStream<Event> invoices = plan.source("invoices", "invoices");
        DataStream<Event> checked =
                plan.step("check", "check payment", payments, new Steps.Parse(plan.behaviour("check")));
        DataStream<Event> matched = plan.match("match", "match invoices", checked, invoices);
        DataStream<Event> settled = plan.window("settle", "settlement window", matched, 2_000);
        plan.sink("ledger", "ledger", settled);
        return "payment-matching";
    }

    /** One source, four branches with sinks of their own, and a union of all. */
    private static String fanOut(Plan plan) {
        DataStream<Event> events = plan.source("events", "events");
        DataStream<Event> classified =
                plan.step("classify", "classify", events, new Steps.Parse(plan.behaviour("classify")));
        String[] channels = {"mail", "sms", "push"};
        DataStream<Event> all = null;
        for (int i = 0; i < channels.length; i++) {
            String channel = channels[i];
            DataStream<Event> branch = plan.step(
                    channel, "format " + channel, classified, new Steps.Route(plan.behaviour(channel), i, channels.length));
            plan.sink(channel + "-gateway", "Sink: " + channel + " gateway", branch);
            all = all == null ? branch : all.union(branch);
        }
        DataStream<Event> counts = plan.window("audit", "audit counts", all, 2_000);
        plan.sink("audit-log", "Sink: audit log", counts);
        return "alert-routing";
    }

    /** One record becomes many, which are counted by key. */
    private static String explodeAndCount(Plan plan) {
        DataStream<Event> documents = plan.source("documents", "documents");
        DataStream<Event> read =
                plan.step("read", "read document", documents, new Steps.Parse(plan.behaviour("read")));
        DataStream<Event> words =
                plan.step("tokens", "tokenize", read.rebalance(), new Steps.Split(plan.behaviour("tokens"), 4));
        DataStream<Event> counts = plan.totals("counts", "term counts", words);
        DataStream<Event> rare =
                plan.step("rare", "keep frequent", counts, new Steps.Keep(plan.behaviour("rare"), 40));
        DataStream<Event> trends = plan.window("trends", "trending terms", rare, 3_000);
        plan.sink("index", "index writer", rare);
        plan.sink("dashboard", "dashboard", trends);
        return "term-statistics";
    }
}
