//! The model's own trees, read from the ONNX file that the runtime scores: which features moved a row's score, by how
//! much, and which conditions the row met on its way.
//!
//! Contributions follow the row's path through each tree: a node's expected value is the mean of the leaves below it,
//! weighted by the training rows that reached them (`nodes_hitrates`); the step from a node to its child belongs to the
//! feature that the node asks. Base plus contributions is the raw score, exactly.

mod explain;
mod parse;

pub use explain::{Condition, Explanation, Test};

/// An inner node or a leaf.
#[derive(Debug, Clone, PartialEq)]
struct TreeNode {
    /// Feature that is asked; meaningless in a leaf.
    feature: usize,
    /// `row[feature] <= threshold` goes to `yes`.
    threshold: f32,
    yes: usize,
    no: usize,
    /// A missing value goes to `yes`.
    missing_yes: bool,
    leaf: bool,
    /// Weight of the training rows that came here.
    cover: f32,
    /// A leaf's scores: class and value.
    scores: Vec<(usize, f32)>,
    /// Expected score of each class below this node: class and value, only classes that occur.
    expected: Vec<(usize, f32)>,
}

/// One tree; node 0 is its root.
#[derive(Debug, Clone, PartialEq)]
struct Tree {
    nodes: Vec<TreeNode>,
    /// Classes that its leaves speak for.
    classes: Vec<usize>,
}

/// All trees of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeEnsemble {
    trees: Vec<Tree>,
    base: Vec<f32>,
    /// Raw scores are multiplied by this before the softmax.
    inverse_temperature: f32,
    labels: Vec<String>,
    fingerprint: String,
    version: String,
}

impl TreeEnsemble {
    /// Classes that the trees tell apart.
    #[must_use]
    pub fn class_count(&self) -> usize {
        self.base.len()
    }

    /// Labels that the file itself names.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Fingerprint of the feature schema that the file itself names.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Version that the file itself names.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Raw score of one class for a row.
    #[must_use]
    pub fn raw_score(&self, row: &[f32], class: usize) -> f32 {
        let leaves = self.trees.iter().map(|tree| tree.leaf(row));
        leaves
            .map(|leaf| value_of(&leaf.scores, class))
            .sum::<f32>()
            + self.base[class]
    }

    /// Probabilities of all classes, as the runtime computes them.
    #[must_use]
    pub fn probabilities(&self, row: &[f32]) -> Vec<f32> {
        let scores: Vec<f32> = (0..self.class_count())
            .map(|class| self.raw_score(row, class) * self.inverse_temperature)
            .collect();
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f32> = scores.iter().map(|score| (score - highest).exp()).collect();
        let sum: f32 = powers.iter().sum();
        powers.iter().map(|power| power / sum).collect()
    }
}

impl Tree {
    fn leaf(&self, row: &[f32]) -> &TreeNode {
        let mut node = &self.nodes[0];
        while !node.leaf {
            node = &self.nodes[node.next(row)];
        }
        node
    }
}

impl TreeNode {
    fn next(&self, row: &[f32]) -> usize {
        let value = row[self.feature];
        let yes = if value.is_nan() {
            self.missing_yes
        } else {
            value <= self.threshold
        };
        if yes { self.yes } else { self.no }
    }
}

/// Value of a class in a short list; 0 where it does not occur.
fn value_of(scores: &[(usize, f32)], class: usize) -> f32 {
    scores
        .iter()
        .find(|(known, _)| *known == class)
        .map_or(0.0, |(_, value)| *value)
}
