//! What is there, but too small to burden anybody yet.

use streamwarden_experience::Experience;

use crate::model::Manifest;
use crate::model::manifest::HEALTHY;

/// Counts the probability of each problem that does not matter yet, by the experience's limits, as `healthy`.
///
/// `values` and `probabilities` are one row, in the order of the manifest's features and labels; a row that was not
/// scored has no probabilities. A figure that is missing is below every limit.
pub(super) fn forgive(
    experience: &Experience,
    manifest: &Manifest,
    values: &[f32],
    probabilities: &mut [f32],
) {
    let mut forgiven = 0.0;
    for (label, probability) in manifest.labels.iter().zip(probabilities.iter_mut()) {
        let limits = experience
            .problem(label)
            .map_or(&[][..], |problem| &problem.matters);
        let matters = limits.iter().all(|limit| {
            let index = manifest.feature_index(&limit.feature);
            index.is_some_and(|index| values[index] >= limit.at_least)
        });
        if !matters {
            forgiven += std::mem::take(probability);
        }
    }
    if let Some(healthy) = manifest
        .label_index(HEALTHY)
        .and_then(|index| probabilities.get_mut(index))
    {
        *healthy += forgiven;
    }
}
