//! Secrets that are planted in lines of every kind never come out.

use crate::{EXPERIENCE, events, verdict};
use streamwarden_experience::{redact, redact_config_value};

/// Shapes of lines, with `@` where the secret stands.
const SHAPES: &[&str] = &[
    "password=@",
    "password: @",
    "\"password\": \"@\"",
    "'password' = '@'",
    "passwd=@ user=app",
    "pwd=@;",
    "Password=@;Encrypt=true",
    "jdbc:mysql://db:3306/shop?user=app&password=@",
    "jdbc:postgresql://db/shop?user=app&password=@&ssl=true",
    "jdbc:mysql://app:@@db:3306/shop",
    "jdbc:oracle:thin:app/@@db:1521:x",
    "jdbc:sqlserver://db;user=app;password=@;encrypt=true",
    "mongodb://app:@@mongo:27017/shop",
    "mongodb+srv://app:@@cluster0.mongodb.net",
    "amqp://app:@@rabbit:5672/%2f",
    "redis://:@@cache:6379/0",
    "https://app:@@es:9200",
    "postgres://app:@@db/shop",
    "ftp://app:@@files/x",
    "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"app\" password=\"@\";",
    "properties.sasl.jaas.config: 'org.apache.kafka.common.security.scram.ScramLoginModule required username=\"a\" password=\"@\";'",
    "'properties.sasl.jaas.config' = 'org.apache.kafka.common.security.plain.PlainLoginModule required username=\"a\" password=\"@\";'",
    "Authorization: Bearer @",
    "authorization=Basic @",
    "Authorization: @",
    "\"Authorization\":\"Bearer @\"",
    "curl -H 'Authorization: Bearer @' x",
    "Bearer @ was refused",
    "token=@",
    "access_token=@&x=1",
    "refresh_token: @",
    "id_token=@",
    "api_key=@",
    "api-key: @",
    "apikey=@",
    "X-Api-Key: @",
    "s3.access-key: @",
    "s3.secret-key: @",
    "fs.s3a.secret.key=@",
    "fs.s3a.access.key=@",
    "aws_secret_access_key=@",
    "AWS_SECRET_ACCESS_KEY=@",
    "fs.azure.account.key.store.blob.core.windows.net=@",
    "AccountKey=@;EndpointSuffix=core.windows.net",
    "SharedAccessKey=@",
    "sig=@&se=2026",
    "https://store.blob.core.windows.net/c?sv=2021&sig=@",
    "X-Amz-Signature=@&x=1",
    "X-Amz-Security-Token=@",
    "client_secret=@",
    "clientSecret: @",
    "secret=@",
    "'secret' = '@'",
    "private_key: @",
    "privateKey=@",
    "credentials=@",
    "credential: @",
    "-Djavax.net.ssl.keyStorePassword=@",
    "-Djavax.net.ssl.trustStorePassword=@ -Dx=1",
    "ssl.keystore.password=@",
    "ssl.key.password: @",
    "security.ssl.rest.keystore-password: @",
    "ssl.truststore.password = @",
    "--password @",
    "--api-key @ --x",
    "--token @",
    "{password=@, user=app}",
    "Properties{user=app, password=@}",
    "[password=@]",
    "(password=@)",
    "password => @",
    "password -> @",
    "Loading configuration property: s3.secret-key, @",
    "Loading configuration property: security.ssl.password, @",
    "CREATE USER 'flink' IDENTIFIED BY '@'",
    "connection-string=@",
    "Cookie: session=@",
    "Set-Cookie: JSESSIONID=@",
    "session_id=@",
    "\\\"password\\\":\\\"@\\\"",
    "encryption-key=@",
    "passphrase=@",
    "basic.auth.user.info=app:@",
    "'avro-confluent.basic-auth.user-info' = 'app:@'",
];

/// Secrets that show by their own form, wherever they stand.
const FORMS: &[&str] = &[
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "gho_16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ",
    "glpat-x7Yh2kLmN9pQrStUvWxY",
    "xoxb-123456789012-abcdefABCDEF",
    "xoxp-998877665544-zyxwvuZYXWVU",
    "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY",
    "ya29.a0AfH6SMBx7K2lQ9pRstUvWxYz",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "rk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "sk-abcdefghijklmnopqrstuvwxyz123456",
    "hf_abcdefghijklmnopqrstuvwxyzABCD",
    "npm_abcdefghijklmnopqrstuvwxyz0123456789",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "dop_v1_abcdefabcdefabcdefabcdefabcdef12",
    "SG.abcdefghij_klmnop.qrstuvwxyz012345",
    "hvs.CAESIJ1abcdefghijklmnopq",
    "hooks.slack.com/services/T00000000/B00000000/a8Kq2LmZ7xRt4VbN9cWd1EyP",
];

const SECRETS: &[&str] = &["S3cr3t.Pa55", "hunter2hunter2hunter2", "Zm9vYmFyYmF6cXV4"];

fn planted() -> Vec<(String, String)> {
    let shaped = SHAPES.iter().flat_map(|shape| {
        SECRETS
            .iter()
            .map(move |secret| (shape.replacen('@', secret, 1), (*secret).to_owned()))
    });
    let formed = FORMS.iter().flat_map(|form| {
        ["refused {} today", "{}", "value '{}'", "(key {})"]
            .iter()
            .map(move |line| (line.replace("{}", form), (*form).to_owned()))
    });
    shaped.chain(formed).collect()
}

#[test]
fn more_than_two_hundred_planted_secrets_stay_inside() {
    let planted = planted();
    assert!(planted.len() >= 200, "{}", planted.len());
    let out: Vec<_> = planted
        .iter()
        .filter(|(line, secret)| redact(line).contains(secret.as_str()))
        .collect();
    assert!(out.is_empty(), "{} come out: {out:#?}", out.len());
}

#[test]
fn secrets_stay_inside_events_traces_arguments_and_answers() {
    for (line, secret) in planted() {
        let log = format!(
            "2026-11-22 21:00:00,000 ERROR a.B [] - {line}\njava.lang.IllegalStateException: {line}\n\tat com.acme.A.b(A.java:1)\nCaused by: java.sql.SQLException: {line}\n"
        );
        let seen = format!("{:?}", events(log.as_bytes()));
        assert!(!seen.contains(&secret), "{line}: {seen}");
        let json = serde_json::to_string(&verdict(&log)).unwrap();
        assert!(!json.contains(&secret), "{line}: {json}");
    }
    assert!(!EXPERIENCE.problems().is_empty());
}

#[test]
fn a_private_key_is_hidden_whole() {
    let pem =
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabcdef\n-----END RSA PRIVATE KEY-----";
    assert!(!redact(pem).contains("MIIEpAIBAAKCAQEA"));
}

#[test]
fn options_that_hold_secrets_are_hidden_and_others_are_not() {
    for key in [
        "s3.secret-key",
        "properties.sasl.jaas.config",
        "fs.azure.account.key.x",
        "password",
        "my.api-key",
        "ssl.keystore.password",
    ] {
        assert_eq!(redact_config_value(key, "S3cr3t.Pa55"), "******", "{key}");
    }
    for (key, value) in [
        ("taskmanager.numberOfTaskSlots", "4"),
        ("rest.port", "8081"),
        ("pipeline.name", "orders"),
    ] {
        assert_eq!(redact_config_value(key, value), value);
    }
}
