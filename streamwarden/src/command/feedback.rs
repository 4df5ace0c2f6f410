//! `streamwarden feedback`: says of a finding whether it was right.

use serde_json::json;
use streamwarden_notifier::client::{ClientError, Said, give_feedback};
use streamwarden_proto::feedback::Verdict;
use streamwarden_service_runtime::{Exit, SecretText, chain};

use crate::cli::{FeedbackArgs, Format, VerdictArg};
use crate::failure::Failure;
use crate::progress::say;

/// Tells it to the notifier, which keeps it and writes it to its topic.
pub(super) async fn feedback(args: FeedbackArgs) -> Result<(), Failure> {
    let said = Said {
        finding_id: args.finding_id,
        verdict: match args.verdict {
            VerdictArg::Right => Verdict::Right,
            VerdictArg::Wrong => Verdict::Wrong,
        },
        actual_slug: args.actual,
        comment: args.comment,
    };
    let token = args.token.map(SecretText::new);
    let kept = give_feedback(&args.page, token.as_ref(), &said).await;
    let kept = kept.map_err(|error| match error {
        ClientError::Unreachable { .. } => Failure::caused(Exit::Unreachable, &error),
        ClientError::Address(_) => Failure::usage(chain(&error)),
        ClientError::Refused { .. } => Failure::configuration(chain(&error)),
    })?;
    match args.format {
        Format::Json => say(&json!(kept).to_string()),
        Format::Text => {
            let word = match kept.verdict {
                Verdict::Right => "right",
                Verdict::Wrong => "wrong",
            };
            let records = kept.record_ids.len();
            say(&format!(
                "noted: {} of job {} was {word}; it rests on {records} records",
                kept.slug, kept.job_id
            ));
        }
    }
    Ok(())
}
