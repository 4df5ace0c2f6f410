//! Asking the API.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::service::Service;

pub(crate) struct Asked {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

pub(crate) async fn ask(
    service: &Service,
    method: &str,
    path: &str,
    token: &str,
    body: Option<&str>,
) -> Asked {
    let headers: &[(&str, &str)] = &[("content-type", "application/json")];
    ask_with(service, method, path, token, body, headers).await
}

pub(crate) async fn ask_with(
    service: &Service,
    method: &str,
    path: &str,
    token: &str,
    body: Option<&str>,
    headers: &[(&str, &str)],
) -> Asked {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_gzip().build().unwrap();
    let mut request = client.request(method, format!("{}{path}", service.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    let response = request
        .body(body.unwrap_or_default().to_owned())
        .send()
        .await
        .unwrap();
    let headers = response.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    Asked {
        status: response.status().as_u16(),
        headers: headers.collect(),
        text: String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned(),
    }
}

pub(crate) async fn get(service: &Service, path: &str) -> Value {
    let asked = ask(service, "GET", path, "", None).await;
    assert_eq!(asked.status, 200, "{path}: {}", asked.text);
    asked.json()
}
