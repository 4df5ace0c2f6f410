//! Who threw: the root cause of a chain, and the user's own frame.

use streamwarden_proto::v1::{Throwable, ThrowableLink};

use crate::template::simple_name;

/// Exceptions that only carry another one.
const WRAPPERS: &[&str] = &[
    "JobException",
    "JobExecutionException",
    "JobInitializationException",
    "JobSubmissionException",
    "ProgramInvocationException",
    "ProgramAbortException",
    "CompletionException",
    "ExecutionException",
    "FlinkRuntimeException",
    "FlinkException",
    "UndeclaredThrowableException",
    "InvocationTargetException",
    "ApplicationExecutionException",
    "ApplicationFailedException",
    "ClusterEntrypointException",
    "RemoteTransportException",
    "WrappingRuntimeException",
    "ExceptionInChainedOperatorException",
    "AsynchronousException",
    "BackendBuildingException",
    "SerializedThrowable",
    "DynamicCodeLoadingException",
    "PartitionException",
    "TableException",
    "SqlExecutionException",
    "SqlClientException",
    "SqlGatewayException",
    "RestHandlerException",
    "RestClientException",
    "JobManagerException",
    "DispatcherException",
    "JobMasterException",
    "ResourceManagerException",
    "TaskManagerException",
    "SuppressRestartsException",
    "RuntimeException",
];

/// Packages that are not the user's own code.
const LIBRARIES: &[&str] = &[
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "jakarta.",
    "scala.",
    "kotlin.",
    "groovy.",
    "org.apache.",
    "org.rocksdb.",
    "org.forstdb.",
    "org.postgresql.",
    "org.mongodb.",
    "org.bson.",
    "org.elasticsearch.",
    "org.opensearch.",
    "org.h2.",
    "org.hibernate.",
    "org.springframework.",
    "org.slf4j.",
    "org.codehaus.",
    "org.eclipse.",
    "org.xerial.",
    "org.joda.",
    "org.jboss.",
    "org.objenesis.",
    "org.reactivestreams.",
    "org.mariadb.",
    "org.msgpack.",
    "com.mysql.",
    "com.mongodb.",
    "com.microsoft.",
    "com.oracle.",
    "oracle.",
    "com.zaxxer.",
    "com.fasterxml.",
    "com.google.",
    "com.amazonaws.",
    "com.azure.",
    "com.aliyun.",
    "com.alibaba.",
    "com.ververica.",
    "com.esotericsoftware.",
    "com.twitter.",
    "com.typesafe.",
    "com.datastax.",
    "com.rabbitmq.",
    "com.couchbase.",
    "com.clickhouse.",
    "ru.yandex.",
    "com.lmax.",
    "com.codahale.",
    "com.starrocks.",
    "com.github.",
    "com.ibm.",
    "com.facebook.",
    "com.starburst.",
    "software.amazon.",
    "io.netty.",
    "io.debezium.",
    "io.confluent.",
    "io.fabric8.",
    "io.grpc.",
    "io.opentelemetry.",
    "io.vertx.",
    "io.lettuce.",
    "io.micrometer.",
    "io.prometheus.",
    "io.delta.",
    "io.trino.",
    "redis.clients.",
    "okhttp3.",
    "okio.",
    "akka.",
    "net.jpountz.",
    "net.snowflake.",
    "net.bytebuddy.",
    "reactor.",
    "rx.",
    "feign.",
    "retrofit2.",
    "StreamExec",
    "GeneratedClass",
    "Split$",
    "BatchExec",
    "StreamRecord",
];

/// Whether a qualified name is not of the user's own code.
pub(super) fn is_library(name: &str) -> bool {
    LIBRARIES.iter().any(|package| name.starts_with(package))
}

/// Which exception of a chain is the cause, where no rule says otherwise: the deepest that is no wrapper.
#[must_use]
pub fn root_cause(throwable: &Throwable) -> usize {
    let chain = &throwable.chain;
    let causes = || {
        chain
            .iter()
            .enumerate()
            .filter(|(_, link)| !link.suppressed)
    };
    let deepest = causes().rev().find(|(_, link)| !is_wrapper(link));
    let any = deepest.or_else(|| causes().next_back());
    any.map_or(0, |(index, _)| index)
}

fn is_wrapper(link: &ThrowableLink) -> bool {
    let name = simple_name(&link.exception);
    let recovery = link.message.starts_with("Recovery is suppressed by");
    recovery || WRAPPERS.contains(&name) && wraps(link, name)
}

/// These are also thrown by themselves; then their message is their own.
fn wraps(link: &ThrowableLink, name: &str) -> bool {
    let own = matches!(
        name,
        "RuntimeException"
            | "TableException"
            | "FlinkException"
            | "FlinkRuntimeException"
            | "JobException"
    );
    let carries_name =
        link.message.is_empty() || crate::log::trace::exception_class(&link.message).is_some();
    !own || carries_name
}

/// Topmost frame of the user's own code, from the cause outward.
#[must_use]
pub fn user_frame(throwable: &Throwable) -> Option<String> {
    let root = root_cause(throwable);
    let outward = throwable.chain.iter().take(root + 1).rev();
    outward
        .filter_map(user_frame_of)
        .map(|(frame, _)| frame.to_owned())
        .next()
}

/// The user's topmost frame of one exception, and how many library frames other than Java's own are above it.
pub(super) fn user_frame_of(link: &ThrowableLink) -> Option<(&str, usize)> {
    let mut above = 0;
    for frame in &link.frames {
        if is_users(frame) {
            return Some((frame, above));
        }
        above += usize::from(!frame.starts_with("java."));
    }
    None
}

/// Whether an exception is of a client library's making: neither Java's, nor Flink's core's, nor the user's own.
pub(super) fn is_clients(exception: &str) -> bool {
    let connectors = [
        "org.apache.flink.connector",
        "org.apache.flink.streaming.connectors",
    ];
    let core = [
        "java.",
        "javax.",
        "jdk.",
        "scala.",
        "kotlin.",
        "org.apache.flink.",
    ];
    connectors
        .iter()
        .any(|package| exception.starts_with(package))
        || !core.iter().any(|package| exception.starts_with(package))
            && LIBRARIES
                .iter()
                .any(|package| exception.starts_with(package))
}

fn is_users(frame: &str) -> bool {
    frame.contains('.') && !LIBRARIES.iter().any(|package| frame.starts_with(package))
        || frame.starts_with("org.apache.flink.examples.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(exception: &str, message: &str, frame: &str) -> ThrowableLink {
        ThrowableLink {
            exception: exception.into(),
            message: message.into(),
            frames: vec![frame.into()],
            ..ThrowableLink::default()
        }
    }

    #[test]
    fn wrappers_are_never_the_cause() {
        let throwable = Throwable {
            chain: vec![
                link(
                    "org.apache.flink.runtime.JobException",
                    "Recovery is suppressed by NoRestartBackoffTimeStrategy",
                    "a.b.C.d(E.java:1)",
                ),
                link(
                    "java.lang.IllegalStateException",
                    "price is negative",
                    "com.acme.Pricing.map(Pricing.java:42)",
                ),
                link(
                    "java.util.concurrent.CompletionException",
                    "",
                    "java.lang.Thread.run(Thread.java:1)",
                ),
            ],
        };
        assert_eq!(root_cause(&throwable), 1);
        assert_eq!(
            user_frame(&throwable).as_deref(),
            Some("com.acme.Pricing.map(Pricing.java:42)")
        );
    }

    #[test]
    fn an_exception_of_its_own_words_is_no_wrapper() {
        let throwable = Throwable {
            chain: vec![link(
                "java.lang.RuntimeException",
                "price is negative",
                "com.acme.A.b(A.java:1)",
            )],
        };
        assert_eq!(root_cause(&throwable), 0);
    }
}
