//! What `diagnose` prints: the verdict of each job first, then the rest by confidence.

use std::fmt::Write;

use streamwarden_inference::JobHealth;
use streamwarden_proto::Class;
use streamwarden_proto::cloud_event::rfc3339;
use streamwarden_proto::finding::{
    Action, Evidence, Finding, FindingStatus, FindingSubject, ModelRef, Severity,
};
use streamwarden_proto::scope::Scope;

/// Evidence shown of a finding.
const EVIDENCE_LIMIT: usize = 5;

/// One JSON object a line, in the shape of a finding; a job with nothing wrong gives one `healthy` object.
#[must_use]
pub fn json(jobs: &[JobHealth]) -> Vec<String> {
    let findings = jobs.iter().flat_map(|job| match sorted(job).as_slice() {
        [] => vec![quiet(job)],
        findings => findings.iter().map(|finding| (*finding).clone()).collect(),
    });
    // A finding has string keys and no failing serializers, so that serde_json cannot refuse it.
    findings
        .map(|finding| serde_json::to_string(&finding).unwrap_or_default())
        .collect()
}

/// For people.
#[must_use]
pub fn text(jobs: &[JobHealth]) -> String {
    let mut out = String::new();
    if jobs.is_empty() {
        out.push_str("no jobs: this cluster runs none\n");
    }
    for job in jobs {
        write_job(&mut out, job);
    }
    out
}

fn sorted(job: &JobHealth) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = job.findings.iter().collect();
    findings.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then_with(|| b.confidence.total_cmp(&a.confidence))
    });
    findings
}

/// Nothing is open: healthy, or not looked at for long enough to say so.
fn quiet(job: &JobHealth) -> Finding {
    let judged = job.score.is_some();
    let (code, slug, class) = match judged {
        true => ("SW0000", "healthy", Class::Healthy),
        false => ("SW0001", "unknown", Class::Unknown),
    };
    let title = match judged {
        true => format!("{} shows nothing wrong", job.job_name),
        false => format!(
            "{} was not seen for long enough to judge; look longer with --for",
            job.job_name
        ),
    };
    Finding {
        finding_id: String::new(),
        status: FindingStatus::Open,
        code: code.to_owned(),
        slug: slug.to_owned(),
        class,
        confidence: if judged { 1.0 } else { 0.0 },
        severity: Severity::Advice,
        cluster_id: job.cluster_id.clone(),
        job_id: job.job_id.clone(),
        job_name: job.job_name.clone(),
        subject: FindingSubject {
            scope: Scope::Job,
            id: job.job_id.clone(),
            name: job.job_name.clone(),
            subtask: None,
        },
        title,
        effect: String::new(),
        explanation: String::new(),
        evidence: Vec::new(),
        decision: Vec::new(),
        alternatives: Vec::new(),
        actions: Vec::new(),
        avoid: Vec::new(),
        first_seen: rfc3339(job.at_ms),
        last_seen: rfc3339(job.at_ms),
        model: ModelRef {
            name: "rules".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
    }
}

fn write_job(out: &mut String, job: &JobHealth) {
    let health = job.score.map_or_else(
        || "not judged yet".to_owned(),
        |score| format!("health {score}/100"),
    );
    let name = if job.job_name.is_empty() {
        &job.cluster_id
    } else {
        &job.job_name
    };
    let _ = writeln!(out, "{name} ({}): {health}", job.job_id);
    let findings = sorted(job);
    match findings.split_first() {
        None => {
            let _ = writeln!(out, "  {}", quiet(job).title);
        }
        Some((verdict, others)) => {
            write_verdict(out, verdict);
            for other in others {
                let _ = writeln!(
                    out,
                    "\n  Also: {} [{} {}, {} % sure]",
                    other.title,
                    other.code,
                    other.slug,
                    percent(other.confidence)
                );
            }
        }
    }
    out.push('\n');
}

fn write_verdict(out: &mut String, finding: &Finding) {
    let _ = writeln!(out, "  {}", finding.title);
    if !finding.effect.is_empty() {
        let _ = writeln!(out, "  {}", finding.effect);
    }
    let Finding {
        code, slug, class, ..
    } = finding;
    let _ = writeln!(
        out,
        "  {code} {slug} ({class}), {} % sure",
        percent(finding.confidence)
    );
    let steps: Vec<&str> = finding
        .decision
        .iter()
        .map(|step| step.text.as_str())
        .collect();
    if !steps.is_empty() {
        let _ = writeln!(out, "  IF {}", steps.join("\n  AND "));
    }
    let evidence = finding.evidence.iter().take(EVIDENCE_LIMIT).map(evidence);
    section(out, "What shows it", evidence);
    section(out, "What to change", finding.actions.iter().map(action));
    section(
        out,
        "What does not help",
        finding
            .avoid
            .iter()
            .map(|avoid| format!("{}: {}", avoid.what, avoid.why)),
    );
}

fn percent(share: f64) -> u32 {
    // A share is between 0 and 1; nothing is ever entirely sure.
    (share * 100.0).round().clamp(0.0, 99.0) as u32
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|line| format!("    - {line}\n")).collect();
    if !lines.is_empty() {
        let _ = write!(out, "  {title}\n{}", lines.concat());
    }
}

fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Log { log } => format!(
            "{} [{}]",
            log.text.lines().next().unwrap_or_default(),
            log.template
        ),
        Evidence::Figure(figure) => {
            let range = match (figure.healthy_min, figure.healthy_max) {
                (_, Some(most)) => format!(" (healthy: up to {})", number(most)),
                (Some(least), None) => format!(" (healthy: from {})", number(least)),
                (None, None) => String::new(),
            };
            format!(
                "{}: {} {}{range}",
                figure.label,
                number(figure.value),
                figure.unit
            )
        }
    }
}

fn number(value: f64) -> String {
    if value.abs() >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

fn action(action: &Action) -> String {
    let change = match (&action.from, &action.to) {
        (Some(from), Some(to)) => format!(" from {from} to {to}"),
        (None, Some(to)) => format!(" to {to}"),
        _ => String::new(),
    };
    let unit = if change.is_empty() || action.unit.is_empty() {
        String::new()
    } else {
        format!(" {}", action.unit)
    };
    let sum = if action.computation.is_empty() {
        String::new()
    } else {
        format!(" [{}]", action.computation)
    };
    format!("{}{change}{unit}: {}{sum}", action.key, action.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(score: Option<u8>) -> JobHealth {
        JobHealth {
            cluster_id: "lab".into(),
            job_id: "a1".into(),
            job_name: "orders".into(),
            score,
            windows: 3,
            at_ms: 0,
            findings: Vec::new(),
        }
    }

    #[test]
    fn a_job_with_nothing_wrong_gives_one_healthy_object() {
        let lines = json(&[job(Some(100))]);
        assert_eq!(lines.len(), 1);
        let object: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(
            (&object["slug"], &object["class"]),
            (&"healthy".into(), &"healthy".into())
        );
        assert!(text(&[job(Some(100))]).contains("orders (a1): health 100/100"));
    }

    #[test]
    fn a_job_that_was_not_judged_is_not_called_healthy() {
        let lines = json(&[job(None)]);
        assert!(lines[0].contains("\"slug\":\"unknown\""), "{}", lines[0]);
    }
}
