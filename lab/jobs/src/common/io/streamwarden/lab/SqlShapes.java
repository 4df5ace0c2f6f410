package io.streamwarden.lab;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.types.Row;

/** Topologies in SQL. A statement of the scenario's own takes the place of the usual one. */
final class SqlShapes {
    /** The ten best of each two seconds. */
    private static final String TOP_N =
            "SELECT * FROM (SELECT window_start, item, total, hits, ROW_NUMBER() OVER ("
                    + "PARTITION BY window_start, window_end ORDER BY total DESC) AS place FROM ("
                    + "SELECT window_start, window_end, item, SUM(SCORE(amount)) AS total, COUNT(*) AS hits "
                    + "FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '2' SECOND)) "
                    + "GROUP BY window_start, window_end, item)) WHERE place <= 10";
    /** Each order with its payment, whenever that comes. */
    private static final String JOIN =
            "SELECT o.ts, o.item, o.amount - SCORE(p.amount) AS due, CHAR_LENGTH(o.body) + CHAR_LENGTH(p.body) AS size "
                    + "FROM orders o JOIN payments p ON o.id = p.id";
    /** The same, but a payment that is more than some seconds late is not waited for. */
    private static final String BOUNDED_JOIN = JOIN + " AND p.ts BETWEEN o.ts - INTERVAL '2' SECOND AND o.ts + INTERVAL '2' SECOND";

    private SqlShapes() {}

    static String topN(Plan plan) {
        StreamTableEnvironment tables = tables(plan, "score");
        view(tables, plan, "bids", "bids");
        return run(tables, plan, TOP_N, "leaderboard", "best-sellers");
    }

    static String join(Plan plan) {
        StreamTableEnvironment tables = tables(plan, "score");
        view(tables, plan, "orders", "orders");
        view(tables, plan, "payments", "payments");
        boolean bounded = plan.text("join", "bounded").equals("bounded");
        return run(tables, plan, bounded ? BOUNDED_JOIN : JOIN, "receivables", "open-orders");
    }

    private static StreamTableEnvironment tables(Plan plan, String key) {
        plan.env.setParallelism((int) plan.number("parallelism", 2));
        StreamTableEnvironment tables = StreamTableEnvironment.create(plan.env);
        tables.createTemporarySystemFunction("SCORE", new Score(plan.behaviour(key)));
        return tables;
    }

    private static void view(StreamTableEnvironment tables, Plan plan, String name, String key) {
        Schema schema = Schema.newBuilder()
                .columnByExpression("item", "`key`")
                .columnByExpression("ts", "TO_TIMESTAMP_LTZ(timestampMs, 3)")
                .watermark("ts", "ts - INTERVAL '0.5' SECOND")
                .build();
        tables.createTemporaryView(name, plan.source(key, name), schema);
    }

    private static String run(StreamTableEnvironment tables, Plan plan, String query, String sink, String job) {
        String ddl = plan.text("ddl", "");
        if (!ddl.isEmpty()) {
            tables.executeSql(ddl);
        }
        String insert = plan.text("insert", "");
        if (!insert.isEmpty()) {
            tables.executeSql(insert);
            return null;
        }
        Table table = tables.sqlQuery(plan.text("query", query));
        DataStream<Row> rows = tables.toDataStream(table);
        DataStream<Event> events = rows.map(SqlShapes::event)
                .returns(TypeInformation.of(Event.class))
                .name("to " + sink)
                .disableChaining();
        plan.sink(sink, sink, events);
        return job;
    }

    private static Event event(Row row) {
        return new Event(row.hashCode(), row.getArity(), 0, 0, row.toString());
    }

    /** A function of the user's own, which costs what its behaviour says. */
    public static final class Score extends ScalarFunction {
        private static final long serialVersionUID = 1L;

        private final Behaviour behaviour;

        Score(Behaviour behaviour) {
            this.behaviour = behaviour;
        }

        @Override
        public void open(FunctionContext context) {
            behaviour.open(0);
        }

        /** The amount with tax. */
        public Double eval(Double amount) throws Exception {
            behaviour.onRecord();
            return amount * 1.19;
        }

        @Override
        public void close() {
            behaviour.close();
        }
    }
}
