//! Configuration and command lines of a cluster's processes.

use std::path::Path;

use super::memory_size;
use crate::flink::Flink;
use crate::scenario::{ClusterSpec, Settings, plain};

/// What Flink's own scripts open to reflection on Java 17.
const JAVA_OPENS: [&str; 20] = [
    "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
    "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "--add-exports=jdk.compiler/com.sun.tools.javac.api=ALL-UNNAMED",
    "--add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED",
    "--add-exports=jdk.compiler/com.sun.tools.javac.parser=ALL-UNNAMED",
    "--add-exports=jdk.compiler/com.sun.tools.javac.tree=ALL-UNNAMED",
    "--add-exports=jdk.compiler/com.sun.tools.javac.util=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.net=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/sun.net.util=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
    "--add-opens=java.base/java.text=ALL-UNNAMED",
    "--add-opens=java.base/java.time=ALL-UNNAMED",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent.locks=ALL-UNNAMED",
];

/// What a whole TaskManager may take: in a container, its limit.
const PROCESS_SIZE: &str = "taskmanager.memory.process.size";
const DEFAULT_PROCESS_SIZE: &str = "1200m";

/// Memory that a TaskManager may take; `None` where the scenario writes a size that is none.
pub(super) fn taskmanager_bytes(spec: &ClusterSpec) -> Option<u64> {
    let size = spec.config.get(PROCESS_SIZE).map(plain);
    memory_size::bytes(size.as_deref().unwrap_or(DEFAULT_PROCESS_SIZE))
}

/// Renders `config.yaml`: what every lab cluster has, then the scenario's own options over it.
pub(super) fn render(spec: &ClusterSpec, work: &Path, rest_port: u16, rpc_port: u16) -> String {
    let mut settings = Settings::new();
    let mut set = |key: &str, value: String| {
        settings.insert(key.to_owned(), toml::Value::String(value));
    };
    set("jobmanager.rpc.address", "127.0.0.1".into());
    set("jobmanager.bind-host", "127.0.0.1".into());
    set("jobmanager.rpc.port", rpc_port.to_string());
    set("jobmanager.memory.process.size", "1024m".into());
    set("taskmanager.host", "127.0.0.1".into());
    set("taskmanager.bind-host", "127.0.0.1".into());
    set(PROCESS_SIZE, DEFAULT_PROCESS_SIZE.into());
    set("taskmanager.memory.managed.size", "64m".into());
    set("taskmanager.numberOfTaskSlots", spec.slots.to_string());
    set("taskmanager.load-balance.mode", "SLOTS".into());
    set("rest.address", "127.0.0.1".into());
    set("rest.bind-address", "127.0.0.1".into());
    set("rest.port", rest_port.to_string());
    set("rest.bind-port", rest_port.to_string());
    set("metrics.fetcher.update-interval", "4000".into());
    set("execution.checkpointing.interval", "5s".into());
    set("execution.checkpointing.dir", folder(work, "checkpoints"));
    set("io.tmp.dirs", work.join("tmp").display().to_string());
    set("restart-strategy.type", "fixed-delay".into());
    set("restart-strategy.fixed-delay.attempts", "2147483647".into());
    set("restart-strategy.fixed-delay.delay", "1s".into());
    // A finished run must not be seen in the next run's recording.
    set("jobstore.expiration-time", "1".into());
    settings.extend(spec.config.clone());
    settings
        .iter()
        .map(|(key, value)| format!("{key}: {}\n", plain(value)))
        .map(|line| line.replace("{work}", &work.display().to_string()))
        .collect()
}

fn folder(work: &Path, name: &str) -> String {
    format!("file://{}", work.join(name).display())
}

/// In a run's minute, the optimising compiler would take half of what the processes of a small cluster need.
pub(super) const QUICK_COMPILER: &str = "-XX:TieredStopAtLevel=1";

/// Arguments of `java` for the tool that turns memory options into JVM options.
pub(super) fn memory_tool(flink: &Flink, conf: &Path, command: &str) -> Vec<String> {
    vec![
        QUICK_COMPILER.into(),
        "-cp".into(),
        format!(
            "{0}/bin/bash-java-utils.jar:{0}/lib/*",
            flink.home.display()
        ),
        "org.apache.flink.runtime.util.bash.BashJavaUtils".into(),
        command.into(),
        flink.home.join("bin").display().to_string(),
        "--configDir".into(),
        conf.display().to_string(),
    ]
}

/// The JVM's options and the process's own arguments out of the tool's answer.
pub(super) fn memory_options(answer: &str) -> Option<(Vec<String>, Vec<String>)> {
    let mut results = answer.lines().filter_map(|line| {
        let (_, result) = line.split_once("BASH_JAVA_UTILS_EXEC_RESULT:")?;
        Some(result.split_whitespace().map(str::to_owned).collect())
    });
    Some((results.next()?, results.next()?))
}

/// Arguments of `java` for one Flink process.
pub(super) fn process(
    flink: &Flink,
    conf: &Path,
    log: &Path,
    main_class: &str,
    (jvm, own): &(Vec<String>, Vec<String>),
) -> Vec<String> {
    let mut args = jvm.clone();
    args.push(QUICK_COMPILER.to_owned());
    args.extend(JAVA_OPENS.map(str::to_owned));
    args.push(format!("-Dlog.file={}", log.display()));
    args.push(format!(
        "-Dlog4j.configurationFile=file:{}",
        flink.home.join("conf/log4j.properties").display()
    ));
    let mut class_path = format!("{}/lib/*", flink.home.display());
    if let Some(connectors) = &flink.connectors {
        class_path.push_str(&format!(":{}/*", connectors.display()));
    }
    args.extend(["-cp".into(), class_path]);
    args.extend([
        main_class.into(),
        "--configDir".into(),
        conf.display().to_string(),
    ]);
    args.extend(own.iter().cloned());
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenario_s_options_go_over_the_lab_s() {
        let mut spec = ClusterSpec::default();
        let interval = toml::Value::String("30s".into());
        spec.config
            .insert("execution.checkpointing.interval".into(), interval);
        let text = render(&spec, Path::new("/tmp/x"), 1, 2);
        assert!(text.contains("execution.checkpointing.interval: 30s\n"));
        assert!(text.contains("rest.port: 1\n"));
    }

    #[test]
    fn a_container_is_as_large_as_flink_thinks_that_it_is() {
        let mut spec = ClusterSpec::default();
        assert_eq!(taskmanager_bytes(&spec), Some(1200 << 20));
        let size = toml::Value::String("1g".into());
        spec.config.insert(PROCESS_SIZE.into(), size);
        assert_eq!(taskmanager_bytes(&spec), Some(1 << 30));
    }

    #[test]
    fn memory_options_are_read_from_between_log_lines() {
        let answer = "INFO - x\nBASH_JAVA_UTILS_EXEC_RESULT:-Xmx1 -Xms1\nBASH_JAVA_UTILS_EXEC_RESULT:-D a=b\n";
        let (jvm, own) = memory_options(answer).unwrap();
        assert_eq!(jvm, ["-Xmx1", "-Xms1"]);
        assert_eq!(own, ["-D", "a=b"]);
    }
}
