package io.streamwarden.lab;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Entry point of every lab job.
 *
 * <p>Arguments: {@code --topology NAME --control FILE [--parallelism N] [--VERTEX.parallelism N]
 * [--VERTEX.window-ms N] [--idle-after-ms N] [--out-of-orderness-ms N]}, and what makes a wrong
 * program of it: {@code --mistake NAME}, {@code --program empty|never-executed}, {@code
 * --no-timestamps true}, {@code --opaque-records true}, {@code --uid-suffix TEXT}, {@code
 * --totals-as-text true}, for SQL {@code --query}, {@code --ddl}, {@code --insert}.
 */
public final class LabJob {
    private LabJob() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, String> args = parse(arguments);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        String program = args.getOrDefault("program", "complete");
        if (program.equals("empty")) {
            env.execute("empty");
            return;
        }
        String name = Topologies.build(args.get("topology"), new Plan(env, args));
        if (name != null && !program.equals("never-executed")) {
            env.execute(args.getOrDefault("name", name));
        }
    }

    private static Map<String, String> parse(String[] arguments) {
        Map<String, String> args = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            args.put(arguments[i].substring(2), arguments[i + 1]);
        }
        return args;
    }
}
