import java.io.*;
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.*;
import org.apache.flink.api.common.typeinfo.*;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.*;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.jobmanager.*;
import org.apache.flink.runtime.state.*;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.*;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.async.*;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.table.api.*;
import org.apache.flink.util.Collector;

/**
 * Makes real Flink fail in known ways and keeps each stack trace as Flink throws it, for the analyzer's test corpus.
 *
 * <p>Arguments: directory of the corpus. A case is a folder (class of the problem) and a file (what was done).
 */
public class Provoke {
    interface Case { void run() throws Throwable; }

    static Path corpus;
    static int kept;

    static void provoke(String problemClass, String name, Case body) throws Exception {
        Throwable[] caught = new Throwable[1];
        Thread thread = new Thread(() -> {
            try { body.run(); } catch (Throwable t) { caught[0] = t; }
        }, "main");
        thread.setDaemon(true);
        thread.start();
        thread.join(45_000);
        if (caught[0] == null) { System.out.println("no failure: " + problemClass + "/" + name); return; }
        Path folder = Files.createDirectories(corpus.resolve(problemClass));
        StringWriter text = new StringWriter();
        caught[0].printStackTrace(new PrintWriter(text));
        Files.writeString(folder.resolve(name + ".log"), text.toString());
        kept++;
    }

    static TableEnvironment table(String mode) {
        return TableEnvironment.create(mode.equals("batch") ? EnvironmentSettings.inBatchMode() : EnvironmentSettings.inStreamingMode());
    }

    static void sql(String... statements) throws Exception {
        TableEnvironment env = table("streaming");
        TableResult last = null;
        for (String statement : statements) last = env.executeSql(statement);
        last.await(40, TimeUnit.SECONDS);
    }

    static StreamExecutionEnvironment env(String... options) {
        Configuration conf = new Configuration();
        conf.setString("restart-strategy.type", "none");
        conf.setString("parallelism.default", "1");
        for (int i = 0; i < options.length; i += 2) conf.setString(options[i], options[i + 1]);
        return StreamExecutionEnvironment.getExecutionEnvironment(conf);
    }

    static DataStream<Long> endless(StreamExecutionEnvironment env) {
        return env.fromSequence(0, Long.MAX_VALUE / 2).map(v -> { Thread.sleep(1); return v; }).returns(Types.LONG);
    }

    static class Order { private final Object price; Order(Object p) { price = p; } }
    static class Holder { Thread thread = new Thread(); }

    static class Big implements MapFunction<Long, Long>, CheckpointedFunction {
        transient ListState<byte[]> state;
        public Long map(Long v) { return v; }
        public void snapshotState(FunctionSnapshotContext c) throws Exception { state.update(List.of(new byte[6_000_000])); }
        public void initializeState(FunctionInitializationContext c) throws Exception { state = c.getOperatorStateStore().getListState(new ListStateDescriptor<>("big", byte[].class)); }
    }
    static class Throwing implements MapFunction<Long, Long>, CheckpointedFunction {
        public Long map(Long v) { return v; }
        public void snapshotState(FunctionSnapshotContext c) { throw new IllegalStateException("buffer of 3 orders cannot be flushed"); }
        public void initializeState(FunctionInitializationContext c) { }
    }
    static class Slow implements MapFunction<Long, Long>, CheckpointedFunction {
        public Long map(Long v) { return v; }
        public void snapshotState(FunctionSnapshotContext c) throws Exception { Thread.sleep(4_000); }
        public void initializeState(FunctionInitializationContext c) { }
    }

    static void job(StreamExecutionEnvironment env, MapFunction<Long, Long> function) throws Exception {
        endless(env).map(function).returns(Types.LONG).sinkTo(new DiscardingSink<>());
        env.execute("orders");
    }

    static long depth(long n) { return depth(n + 1) + 1; }

    public static void main(String[] args) throws Exception {
        corpus = Paths.get(args[0]);
        planner();
        tables();
        graphs();
        userCode();
        resources();
        checkpoints();
        processes();
        kafka();
        System.out.println(kept + " failures kept");
        System.exit(0);
    }

    static final String GEN = "CREATE TABLE gen (id INT, name STRING, ts TIMESTAMP(3)) WITH ('connector'='datagen','number-of-rows'='5')";

    static void planner() throws Exception {
        String c = "sql_planner_error";
        provoke(c, "misspelled-keyword", () -> sql("SELEC 1"));
        provoke(c, "missing-comma", () -> sql("CREATE TABLE t (a INT b INT) WITH ('connector'='datagen')"));
        provoke(c, "unknown-table", () -> sql("SELECT * FROM orders"));
        provoke(c, "unknown-column", () -> sql(GEN, "SELECT price FROM gen"));
        provoke(c, "unknown-function", () -> sql("SELECT my_udf(1)"));
        provoke(c, "not-grouped", () -> sql(GEN, "SELECT id, count(*) FROM gen GROUP BY name"));
        provoke(c, "ambiguous-column", () -> sql(GEN, "SELECT id FROM gen a JOIN gen b ON a.id = b.id"));
        provoke(c, "sink-types-differ", () -> sql(GEN, "CREATE TABLE s (id INT, name INT) WITH ('connector'='blackhole')", "INSERT INTO s SELECT id, name FROM gen"));
        provoke(c, "sink-columns-differ", () -> sql(GEN, "CREATE TABLE s (id INT) WITH ('connector'='blackhole')", "INSERT INTO s SELECT id, name FROM gen"));
        provoke(c, "append-only-sink", () -> sql(GEN, "CREATE TABLE s (id INT, n BIGINT) WITH ('connector'='filesystem','path'='/tmp/provoke-out','format'='json')", "INSERT INTO s SELECT id, count(*) FROM gen GROUP BY id"));
        provoke(c, "no-time-attribute", () -> sql(GEN, "SELECT window_start, count(*) FROM TABLE(TUMBLE(TABLE gen, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end"));
        provoke(c, "table-exists", () -> sql(GEN, GEN));
        provoke(c, "database-missing", () -> sql("USE nowhere"));
        provoke(c, "catalog-missing", () -> sql("USE CATALOG nowhere"));
        provoke(c, "wrong-argument-type", () -> sql("SELECT SUM('x', 2)"));
        provoke(c, "upsert-kafka-without-key", () -> sql(GEN, "CREATE TABLE k (id INT, n BIGINT) WITH ('connector'='upsert-kafka','topic'='t','properties.bootstrap.servers'='localhost:1','key.format'='json','value.format'='json')", "INSERT INTO k SELECT id, count(*) FROM gen GROUP BY id"));
        provoke(c, "table-api-unknown-field", () -> table("streaming").fromValues(1, 2).select(Expressions.$("nope")));
        provoke(c, "over-without-time", () -> sql(GEN, "SELECT SUM(id) OVER (PARTITION BY name ORDER BY id DESC ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), SUM(id) OVER (PARTITION BY name ORDER BY ts) FROM gen"));
    }

    static void tables() throws Exception {
        String m = "missing_connector_or_format";
        provoke(m, "unknown-connector", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='oracle-cdc')", "SELECT * FROM t"));
        provoke(m, "unknown-sink", () -> sql(GEN, "CREATE TABLE t (a INT) WITH ('connector'='jdbc','url'='jdbc:mysql://h/d','table-name'='t')", "INSERT INTO t SELECT id FROM gen"));
        provoke(m, "unknown-format", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='filesystem','path'='/tmp/x','format'='avro')", "SELECT * FROM t"));
        provoke(m, "unknown-catalog", () -> sql("CREATE CATALOG c WITH ('type'='hive')"));
        provoke(m, "unknown-kafka-format", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='kafka','topic'='t','properties.bootstrap.servers'='localhost:1','scan.startup.mode'='earliest-offset','format'='protobuf')", "SELECT * FROM t"));
        provoke(m, "no-jdbc-driver", () -> DriverManager.getConnection("jdbc:clickhouse://localhost/db", "u", "p"));
        provoke(m, "no-connector-option", () -> sql("CREATE TABLE t (a INT) WITH ('format'='json')", "SELECT * FROM t"));
        String o = "config_invalid";
        provoke(o, "option-missing", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='filesystem','format'='json')", "SELECT * FROM t"));
        provoke(o, "option-unknown", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='datagen','rows'='5')", "SELECT * FROM t"));
        provoke(o, "option-not-a-number", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='datagen','number-of-rows'='many')", "SELECT * FROM t"));
        provoke(o, "kafka-option-missing", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='kafka','topic'='t','format'='json')", "SELECT * FROM t"));
        provoke(o, "duration-unreadable", () -> { Configuration k = new Configuration(); k.setString("execution.checkpointing.interval", "ten minutes"); k.get(CheckpointingOptions.CHECKPOINTING_INTERVAL); });
        provoke(o, "memory-size-unreadable", () -> { Configuration k = new Configuration(); k.setString("taskmanager.memory.process.size", "4 gigs"); TaskExecutorProcessUtils.processSpecFromConfig(k); });
        provoke(o, "memory-contradicts", () -> { Configuration k = new Configuration(); k.setString("taskmanager.memory.process.size", "1g"); k.setString("taskmanager.memory.flink.size", "2g"); TaskExecutorProcessUtils.processSpecFromConfig(k); });
        provoke(o, "memory-heap-too-large", () -> { Configuration k = new Configuration(); k.setString("taskmanager.memory.flink.size", "1g"); k.setString("taskmanager.memory.task.heap.size", "900m"); k.setString("taskmanager.memory.managed.size", "900m"); TaskExecutorProcessUtils.processSpecFromConfig(k); });
        provoke(o, "memory-not-configured", () -> TaskExecutorProcessUtils.processSpecFromConfig(new Configuration()));
        provoke(o, "enum-value-unknown", () -> { Configuration k = new Configuration(); k.setString("execution.runtime-mode", "STREAM"); k.get(ExecutionOptions.RUNTIME_MODE); });
        String u = "unsupported_feature";
        provoke(u, "unbounded-in-batch", () -> { TableEnvironment e = table("batch"); e.executeSql("CREATE TABLE t (a INT) WITH ('connector'='datagen')"); e.executeSql("SELECT * FROM t").await(); });
        provoke(u, "select-from-sink", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='blackhole')", "SELECT * FROM t"));
        provoke(u, "insert-into-source", () -> sql(GEN, "INSERT INTO gen SELECT * FROM gen"));
        provoke(u, "unbounded-source-batch-mode", () -> { StreamExecutionEnvironment e = env("execution.runtime-mode", "BATCH"); e.fromSource(new org.apache.flink.connector.datagen.source.DataGeneratorSource<>(i -> i, Long.MAX_VALUE, Types.LONG), WatermarkStrategy.noWatermarks(), "s") .sinkTo(new DiscardingSink<>()); StreamExecutionEnvironment f = env("execution.runtime-mode", "BATCH"); f.fromSource(org.apache.flink.connector.file.src.FileSource.forRecordStreamFormat(new org.apache.flink.connector.file.src.reader.TextLineInputFormat(), new org.apache.flink.core.fs.Path("/tmp")).monitorContinuously(Duration.ofSeconds(1)).build(), WatermarkStrategy.noWatermarks(), "files").sinkTo(new DiscardingSink<>()); f.execute(); });
        provoke(u, "sort-in-streaming", () -> sql(GEN, "CREATE TABLE s (id INT) WITH ('connector'='blackhole')", "INSERT INTO s SELECT id FROM gen ORDER BY id"));
        provoke(u, "update-in-streaming", () -> sql(GEN, "UPDATE gen SET id = 1"));
        provoke(u, "delete-unsupported", () -> sql(GEN, "DELETE FROM gen WHERE id = 1"));
        String f = "file_system_scheme_missing";
        provoke(f, "s3", () -> FileSystem.get(URI.create("s3://bucket/checkpoints")));
        provoke(f, "s3a", () -> FileSystem.get(URI.create("s3a://bucket/checkpoints")));
        provoke(f, "hdfs", () -> FileSystem.get(URI.create("hdfs://namenode:8020/flink")));
        provoke(f, "gs", () -> FileSystem.get(URI.create("gs://bucket/x")));
        provoke(f, "mistyped", () -> FileSystem.get(URI.create("files:///tmp/x")));
        provoke(f, "checkpoint-dir-s3", () -> job(env("execution.checkpointing.interval", "500 ms", "execution.checkpointing.dir", "s3://b/c"), v -> v));
        provoke(f, "sql-filesystem-oss", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='filesystem','path'='oss://bucket/x','format'='json')", "SELECT * FROM t"));
        String n = "duplicate_key_or_constraint";
        provoke(n, "null-into-not-null", () -> sql("CREATE TABLE s (id INT NOT NULL) WITH ('connector'='blackhole')", "INSERT INTO s SELECT CAST(NULLIF(x, 1) AS INT) FROM (VALUES (1), (2)) AS t(x)"));
        String d = "deserialization_failure";
        Path json = Files.createTempFile("bad", ".json");
        Files.writeString(json, "{\"a\": 1}\n{\"a\": oops}\n");
        provoke(d, "json-malformed", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='filesystem','path'='" + json + "','format'='json')", "SELECT * FROM t"));
        Path text = Files.createTempFile("bad", ".json");
        Files.writeString(text, "{\"a\": \"twelve\"}\n");
        provoke(d, "json-not-a-number", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='filesystem','path'='" + text + "','format'='json')", "SELECT * FROM t"));
        Path csv = Files.createTempFile("bad", ".csv");
        Files.writeString(csv, "1,a\nx,b\n");
        provoke(d, "csv-not-a-number", () -> sql("CREATE TABLE t (a INT, b STRING) WITH ('connector'='filesystem','path'='" + csv + "','format'='csv')", "SELECT * FROM t"));
        Path dbz = Files.createTempFile("bad", ".json");
        Files.writeString(dbz, "{\"before\":null,\"after\":null,\"op\":\"z\"}\n");
        provoke(d, "debezium-unknown-op", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='filesystem','path'='" + dbz + "','format'='debezium-json')", "SELECT * FROM t"));
        provoke(d, "debezium-not-json", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='filesystem','path'='" + json + "','format'='canal-json')", "SELECT * FROM t"));
        provoke("source_unreachable", "path-missing", () -> sql("CREATE TABLE t (a INT) WITH ('connector'='filesystem','path'='/nowhere/x','format'='json')", "SELECT * FROM t"));
    }

    static void graphs() throws Exception {
        String g = "job_graph_invalid";
        provoke(g, "no-operators", () -> env().execute("empty"));
        provoke(g, "uid-twice", () -> { StreamExecutionEnvironment e = env(); e.fromData(1).uid("a").map(x -> x).uid("a").sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(g, "forward-parallelism", () -> { StreamExecutionEnvironment e = env(); e.fromSequence(1, 9).setParallelism(2).forward().map(x -> x).setParallelism(1).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(g, "parallelism-above-max", () -> { StreamExecutionEnvironment e = env(); e.fromSequence(1, 9).map(x -> x).setParallelism(8).setMaxParallelism(4).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(g, "array-as-key", () -> { StreamExecutionEnvironment e = env(); e.fromData(new int[]{1}, new int[]{2}).keyBy(x -> x, PrimitiveArrayTypeInfo.INT_PRIMITIVE_ARRAY_TYPE_INFO).reduce((a, b) -> a).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(g, "state-without-key", () -> { StreamExecutionEnvironment e = env(); e.fromData(1, 2).map(new RichMapFunction<Integer, Integer>() { public void open(OpenContext c) { getRuntimeContext().getState(new ValueStateDescriptor<>("s", Integer.class)); } public Integer map(Integer v) { return v; } }).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(g, "timer-without-key", () -> { StreamExecutionEnvironment e = env(); e.fromData(1, 2).process(new ProcessFunction<Integer, Integer>() { public void processElement(Integer v, Context c, Collector<Integer> o) { c.timerService().registerProcessingTimeTimer(1); } }).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(g, "no-insert", () -> table("streaming").createStatementSet().execute());
        String s = "serialization_type_problem";
        Holder holder = new Holder();
        provoke(s, "captured-thread", () -> { StreamExecutionEnvironment e = env(); e.fromData(1).map(x -> { holder.thread.getName(); return x; }).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(s, "socket-field", () -> { StreamExecutionEnvironment e = env(); Socket socket = new Socket(); e.fromData(1).filter(x -> socket.isBound()).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(s, "type-erased", () -> { StreamExecutionEnvironment e = env(); e.fromData("a b").flatMap((String l, Collector<Tuple2<String, Integer>> o) -> { for (String w : l.split(" ")) o.collect(Tuple2.of(w, 1)); }).keyBy(t -> t.f0).sum(1).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(s, "generic-types-off", () -> { StreamExecutionEnvironment e = env("pipeline.generic-types", "false"); e.fromData(1).map(x -> new Order(x)).returns(Order.class).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(s, "null-in-tuple", () -> { StreamExecutionEnvironment e = env(); e.fromData(1, 2).map(x -> Tuple2.of(x, (String) null)).returns(Types.TUPLE(Types.INT, Types.STRING)).rebalance().map(t -> t).returns(Types.TUPLE(Types.INT, Types.STRING)).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(s, "wrong-declared-type", () -> { StreamExecutionEnvironment e = env(); ((DataStream) e.fromData(1, 2).map(x -> (Object) ("n" + x)).returns((TypeInformation) Types.LONG)).rebalance().map(x -> x).returns((TypeInformation) Types.LONG).sinkTo(new DiscardingSink<>()); e.execute(); });
        String w = "watermark_or_time_problem";
        provoke(w, "no-timestamps", () -> { StreamExecutionEnvironment e = env(); e.fromData(1, 2).keyBy(x -> x).window(TumblingEventTimeWindows.of(Duration.ofSeconds(1))).reduce((a, b) -> a).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(w, "rowtime-null", () -> sql("CREATE TABLE t (a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='datagen','number-of-rows'='50','fields.ts.null-rate'='1.0')", "SELECT window_start, count(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end"));
    }

    static void userCode() throws Exception {
        String r = "restart_loop_user_exception";
        provoke(r, "null-pointer", () -> job(env(), v -> { String s = v > 3 ? null : "x"; return (long) s.length(); }));
        provoke(r, "division-by-zero", () -> job(env(), v -> 10 / (v - 3)));
        provoke(r, "number-format", () -> job(env(), v -> Long.parseLong("n/a")));
        provoke(r, "own-exception", () -> job(env(), v -> { throw new IllegalStateException("price of order " + v + " is negative"); }));
        provoke(r, "wrapped-exception", () -> job(env(), v -> { try { throw new IllegalArgumentException("country code XX"); } catch (Exception e) { throw new RuntimeException(e); } }));
        provoke(r, "stack-overflow", () -> job(env(), v -> depth(v)));
        provoke(r, "open-fails", () -> { StreamExecutionEnvironment e = env(); e.fromData(1).map(new RichMapFunction<Integer, Integer>() { public void open(OpenContext c) { throw new IllegalStateException("rules.yaml has no rule"); } public Integer map(Integer v) { return v; } }).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke(r, "async-fails", () -> { StreamExecutionEnvironment e = env(); AsyncDataStream.unorderedWait(e.fromData(1), new AsyncFunction<Integer, Integer>() { public void asyncInvoke(Integer v, ResultFuture<Integer> f) { f.completeExceptionally(new IllegalStateException("no such customer")); } }, 5, TimeUnit.SECONDS).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke("backpressure_stall", "async-timeout", () -> { StreamExecutionEnvironment e = env(); AsyncDataStream.unorderedWait(e.fromData(1), new AsyncFunction<Integer, Integer>() { public void asyncInvoke(Integer v, ResultFuture<Integer> f) { } }, 500, TimeUnit.MILLISECONDS).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke("classloading_conflict", "class-not-found", () -> job(env(), v -> { try { Class.forName("com.example.pricing.Rules"); } catch (ClassNotFoundException e) { throw new RuntimeException(e); } return v; }));
        provoke("license_or_version_incompatibility", "class-too-new", () -> new ClassLoader() { Class<?> make() { ByteBuffer b = ByteBuffer.allocate(10); b.putInt(0xCAFEBABE).putShort((short) 0).putShort((short) 69).putShort((short) 1); return defineClass(null, b.array(), 0, 10); } }.make());
    }

    static void resources() throws Exception {
        provoke("no_resource_available", "too-few-slots", () -> { StreamExecutionEnvironment e = StreamExecutionEnvironment.createLocalEnvironment(4, conf("taskmanager.numberOfTaskSlots", "1", "slot.request.timeout", "1000", "restart-strategy.type", "none", "slot.idle.timeout", "1000")); e.fromSequence(0, 9).map(x -> x).setParallelism(4).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke("network_buffers_insufficient", "too-few-buffers", () -> { StreamExecutionEnvironment e = StreamExecutionEnvironment.createLocalEnvironment(16, conf("taskmanager.memory.network.min", "2m", "taskmanager.memory.network.max", "2m", "restart-strategy.type", "none")); e.fromSequence(0, 9).rebalance().map(x -> x).rebalance().map(x -> x).rebalance().map(x -> x).sinkTo(new DiscardingSink<>()); e.execute(); });
        ServerSocket taken = new ServerSocket(0);
        provoke("port_conflict", "rest-port", () -> { StreamExecutionEnvironment e = StreamExecutionEnvironment.createLocalEnvironmentWithWebUI(conf("rest.port", "" + taken.getLocalPort(), "rest.bind-port", "" + taken.getLocalPort())); e.fromSequence(0, 9).sinkTo(new DiscardingSink<>()); e.execute(); });
        provoke("port_conflict", "server-socket", () -> new ServerSocket(taken.getLocalPort()));
        provoke("heap_oom", "large-list", () -> { List<long[]> all = new ArrayList<>(); while (true) all.add(new long[20_000_000]); });
        provoke("heap_oom", "array-too-large", () -> System.out.println(new long[Integer.MAX_VALUE].length));
        provoke("direct_memory_oom", "direct-buffer", () -> { List<ByteBuffer> all = new ArrayList<>(); while (true) all.add(ByteBuffer.allocateDirect(200_000_000)); });
        provoke("disk_full", "device-full", () -> { try (OutputStream o = new FileOutputStream("/dev/full")) { o.write(new byte[10]); } });
        provoke("dns_or_network", "unknown-host", () -> new Socket("jobmanager.no-such-namespace.invalid", 6123));
        provoke("dns_or_network", "connection-refused", () -> new Socket("127.0.0.1", 1));
    }

    static Configuration conf(String... options) {
        Configuration conf = new Configuration();
        for (int i = 0; i < options.length; i += 2) conf.setString(options[i], options[i + 1]);
        return conf;
    }

    static void checkpoints() throws Exception {
        String interval = "execution.checkpointing.interval", tolerable = "execution.checkpointing.tolerable-failed-checkpoints";
        provoke("checkpoint_declined_or_failed", "state-too-large", () -> job(env(interval, "300 ms", tolerable, "0"), new Big()));
        provoke("checkpoint_declined_or_failed", "snapshot-throws", () -> job(env(interval, "300 ms", tolerable, "0"), new Throwing()));
        provoke("checkpoint_timeout", "slow-snapshot", () -> job(env(interval, "500 ms", tolerable, "0", "execution.checkpointing.timeout", "1 s"), new Slow()));
        provoke("checkpoint_storage_unavailable", "directory-is-file", () -> { Path file = Files.createTempFile("not-a-directory", ""); job(env(interval, "300 ms", tolerable, "0", "execution.checkpointing.storage", "filesystem", "execution.checkpointing.dir", "file://" + file + "/checkpoints"), v -> v); });
        provoke("checkpoint_storage_unavailable", "directory-in-proc", () -> job(env(interval, "300 ms", tolerable, "0", "execution.checkpointing.storage", "filesystem", "execution.checkpointing.dir", "file:///proc/flink"), v -> v));
        provoke("savepoint_incompatible", "savepoint-missing", () -> job(env("execution.state-recovery.path", "file:///tmp/savepoints/savepoint-4f2a1c-0a"), v -> v));
    }

    static void processes() throws Exception {
        provoke("missing_connector_or_format", "state-backend-unknown", () -> job(env("state.backend.type", "rocks"), v -> v));
    }

    static void kafka() throws Exception {
        String source = "CREATE TABLE k (a INT) WITH ('connector'='kafka','topic'='orders','scan.startup.mode'='earliest-offset','format'='json',";
        provoke("source_unreachable", "kafka-no-broker", () -> { TableEnvironment e = table("streaming"); e.getConfig().set("restart-strategy.type", "none"); e.executeSql(source + "'properties.bootstrap.servers'='localhost:1','properties.default.api.timeout.ms'='4000','properties.request.timeout.ms'='3000')"); e.executeSql("SELECT * FROM k").await(); });
        provoke("sink_unreachable_or_rejected", "kafka-no-broker", () -> { TableEnvironment e = table("streaming"); e.getConfig().set("restart-strategy.type", "none"); e.executeSql(GEN); e.executeSql("CREATE TABLE k (a INT) WITH ('connector'='kafka','topic'='orders','format'='json','properties.bootstrap.servers'='localhost:1','properties.max.block.ms'='2000')"); e.executeSql("INSERT INTO k SELECT id FROM gen").await(); });
        provoke("source_auth_failure", "kafka-no-jaas", () -> { TableEnvironment e = table("streaming"); e.getConfig().set("restart-strategy.type", "none"); e.executeSql(source + "'properties.bootstrap.servers'='localhost:1','properties.security.protocol'='SASL_PLAINTEXT')"); e.executeSql("SELECT * FROM k").await(); });
        provoke("source_auth_failure", "kafka-login-module-missing", () -> { TableEnvironment e = table("streaming"); e.getConfig().set("restart-strategy.type", "none"); e.executeSql(source + "'properties.bootstrap.servers'='localhost:1','properties.security.protocol'='SASL_PLAINTEXT','properties.sasl.mechanism'='PLAIN','properties.sasl.jaas.config'='org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"p\";')"); e.executeSql("SELECT * FROM k").await(); });
        provoke("config_invalid", "kafka-bad-servers", () -> { TableEnvironment e = table("streaming"); e.getConfig().set("restart-strategy.type", "none"); e.executeSql(source + "'properties.bootstrap.servers'='no port')"); e.executeSql("SELECT * FROM k").await(); });
        provoke("config_invalid", "kafka-startup-mode", () -> sql("CREATE TABLE k (a INT) WITH ('connector'='kafka','topic'='orders','scan.startup.mode'='newest','format'='json','properties.bootstrap.servers'='localhost:1')", "SELECT * FROM k"));
        provoke("dns_or_network", "taskmanager-host", () -> InetAddress.getByName("taskmanager-7.flink.invalid"));
    }
}
